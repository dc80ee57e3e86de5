# Jurisdictions whose transfer rule is a table; those with a pack of their own are not looked at here.
package lexgate.packs.world.transfer

import data.lexgate.facts
import data.lexgate.transfer

law := data.law.world

regime := law.regimes[facts.origin]

leaves if {
	facts.crosses_border
	facts.carries_personal
	not facts.area(facts.origin) in law.own_packs
}

hits contains hit if {
	leaves
	regime.limit == "grounds"
	some hit in transfer.hits(sprintf("%s.transfer", [lower(facts.origin)]), regime, law.switches)
}

hits contains {
	"id": sprintf("%s.transfer", [lower(facts.origin)]),
	"effect": "log",
	"log": "full",
	"citation": regime.citation,
	"message": sprintf("%s does not require a transfer mechanism for this destination; the exporter stays accountable", [regime.name]),
	"remedy": "nothing to do",
} if {
	leaves
	regime.limit != "grounds"
	not restricted
	not regional
}

# A region of the country may have a rule of its own (Quebec).
regional := rule if {
	rule := law.regional[sprintf("%s-%s", [facts.origin, input.caller.region])]
	facts.in_force(rule)
}

hits contains {
	"id": sprintf("%s.transfer", [lower(facts.origin)]),
	"effect": "log",
	"log": "full",
	"mechanism": regional.mechanism,
	"citation": regional.citation,
	"message": "the assessment that the region asks for before a transfer is recorded",
	"remedy": "nothing to do",
} if {
	leaves
	regional.mechanism in input.mechanisms
}

hits contains object.union(facts.protect, {
	"id": sprintf("%s.transfer", [lower(facts.origin)]),
	"citation": regional.citation,
	"message": "the region asks for an assessment before personal data leaves it, and none is recorded",
	"remedy": sprintf("record the assessment as the mechanism %s, or take the personal data out", [regional.mechanism]),
}) if {
	leaves
	not regional.mechanism in input.mechanisms
}

hits contains object.union(facts.protect, {
	"id": sprintf("%s.transfer", [lower(facts.origin)]),
	"citation": regime.citation,
	"message": sprintf("%s restricts transfers of personal data to this destination", [regime.name]),
	"remedy": "use a provider in another country, or take the personal data out",
}) if {
	leaves
	regime.limit == "restricted_list"
	restricted
}

restricted if {
	some entry in regime.restricted
	entry.country == facts.destination
	facts.in_force(entry)
}

# Silence is no permission: personal data from a place whose law is not on file does not leave it unredacted.
hits contains object.union(facts.protect, {
	"id": "world.unknown_origin",
	"citation": "internal LAW-1",
	"message": "no pack describes the transfer law of the caller's jurisdiction",
	"remedy": "set the caller's country, add a pack for its law, or take the personal data out",
}) if {
	leaves
	not law.regimes[facts.origin]
}
