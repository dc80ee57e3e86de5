package lexgate.packs.internal.personal_border

import data.lexgate.facts

hits contains object.union(kept_back, {
	"id": "internal.personal_border",
	"citation": "internal PER-1",
	"message": sprintf("personal data does not cross a border unredacted (%s to %s)", [facts.origin, facts.destination]),
	"remedy": "use a provider in the caller's own jurisdiction, or take the personal data out; builtin:lawful applies the law alone",
}) if {
	facts.crosses_border
	facts.carries_personal
}

# Towards a country of concern a pseudonym is still the same data (28 CFR 202.206): there it is removed for good.
kept_back := facts.protect if not final

kept_back := {"effect": "redact", "redact": facts.removals(facts.personal_labels)} if {
	final
	count(facts.personal_labels) > 0
}

kept_back := facts.protect if {
	final
	count(facts.personal_labels) == 0
}

final if {
	facts.origin == "US"
	facts.destination in data.law.us.countries_of_concern
}
