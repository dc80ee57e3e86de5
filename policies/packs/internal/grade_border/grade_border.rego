package lexgate.packs.internal.grade_border

import data.lexgate.facts

hits contains {
	"id": "internal.grade_border.l5",
	"effect": "block",
	"citation": "internal GRD-5",
	"message": "data of grade L5 does not leave its jurisdiction",
	"remedy": "use a provider in the caller's own jurisdiction",
} if {
	facts.crosses_border
	input.data.grade == "L5"
}

# What makes a call L4 and can be taken out is taken out by the rules on secrets and personal data. What cannot (a
# confidentiality marking, source code, a contract) keeps the whole call at home.
hits contains object.union(facts.stay_home, {
	"id": "internal.grade_border.l4",
	"citation": "internal GRD-4",
	"message": "data of grade L4 that redaction cannot take out does not cross a border",
	"remedy": "use a provider in the caller's own jurisdiction, or take the restricted content out",
}) if {
	facts.crosses_border
	input.data.grade == "L4"
	not removable
}

removable if {
	count(facts.secret_labels | facts.personal_labels) > 0
	every category in input.data.categories {
		category in data.law.labels.removable_categories
	}
}
