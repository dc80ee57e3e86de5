package lexgate.packs.eu.special_categories

import data.lexgate.facts

law := data.law.eu.special_categories

criminal := data.law.eu.criminal_records

hits contains object.union(kept_back, {
	"id": "eu.special_categories",
	"citation": law.citation,
	"message": "special categories of personal data may not be processed without a ground",
	"remedy": sprintf("record the ground of article 9(2) as one of the tenant's mechanisms (%s), or take the data out", [concat(", ", law.grounds)]),
}) if {
	facts.origin in law.origins
	facts.in_force(law)
	facts.carries_personal
	special
	not facts.recorded(law.grounds)
}

hits contains object.union(kept_back, {
	"id": "eu.criminal_records",
	"citation": criminal.citation,
	"message": "data on criminal convictions and offences is only processed under official authority or national law",
	"remedy": sprintf("record the authority as one of the tenant's mechanisms (%s), or take the data out", [concat(", ", criminal.grounds)]),
}) if {
	facts.origin in law.origins
	facts.in_force(criminal)
	facts.carries_personal
	some category in input.data.categories
	category in criminal.categories
	not facts.recorded(criminal.grounds)
}

special if {
	some category in input.data.categories
	category in law.categories
}

special if {
	some name in {"health", "biometric", "genomic"}
	input.data.subjects[name] > 0
}

# Staying home is no cure here: the ground is missing at home too. Where nothing can be taken out, a person decides.
kept_back := facts.protect if count(facts.personal_labels) > 0

kept_back := {"effect": "approval"} if count(facts.personal_labels) == 0
