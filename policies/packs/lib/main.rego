# The entry point: every hit of every pack in the bundle. A pack is a package `lexgate.packs.<law>.<rule>` with a set `hits`.
package lexgate

decision := {"schema": "lexgate/decision@1", "hits": hits}

hits contains hit if {
	some law, rule
	some hit in data.lexgate.packs[law][rule].hits
}
