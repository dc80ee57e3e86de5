package lexgate.packs.world.minors

import data.lexgate.facts

law := data.law.world

hits contains object.union(kept_back, {
	"id": "world.minors",
	"citation": rule.citation,
	"message": sprintf("personal data of a child (under %d) needs the consent of a parent or guardian", [rule.under]),
	"remedy": sprintf("record the consent as one of: %s; or take the child's data out", [concat(", ", law.minor_grounds)]),
}) if {
	rule := law.minors[facts.area(facts.origin)]
	facts.in_force(rule)
	facts.carries_minor
	facts.carries_personal
	not facts.recorded(law.minor_grounds)
}

kept_back := facts.protect if count(facts.personal_labels) > 0

kept_back := {"effect": "approval"} if count(facts.personal_labels) == 0
