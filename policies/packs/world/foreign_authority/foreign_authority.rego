package lexgate.packs.world.foreign_authority

import data.lexgate.facts

law := data.law.world.foreign_authority

hits contains object.union(facts.stay_home, {
	"id": "world.foreign_authority",
	"citation": rule.citation,
	"message": "personal data is not given to a foreign court or authority on that authority's word alone",
	"remedy": sprintf("record the approval or agreement as the mechanism %s", [rule.mechanism]),
}) if {
	input.caller.purpose == law.purpose
	facts.crosses_border
	concerned
	rule := law[facts.area(facts.origin)]
	facts.in_force(rule)
	not rule.mechanism in input.mechanisms
}

concerned if facts.carries_personal

# PIPL art 41 and DSL art 36 mean any data stored in China.
concerned if facts.origin == "CN"
