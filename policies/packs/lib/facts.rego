# What several rules ask of the input. Everything here is a plain reading of `lexgate/input@1`.
package lexgate.facts

now := input.now

origin := input.caller.country

destination := input.destination.country

# The EEA is one area: data moves freely inside it. Every other jurisdiction stands alone; Hong Kong, Macau and
# Taiwan are not the mainland.
area(country) := "EEA" if country in data.law.eu.members

area(country) := country if not country in data.law.eu.members

# An unknown origin or destination is abroad.
default crosses_border := true

crosses_border := false if {
	origin != ""
	area(origin) == area(destination)
}

# Dates are compared as texts, in UTC: from the first day included, to the last day excluded.
in_force(entry) if {
	entry.effective_from <= now
	not ended(entry)
}

ended(entry) if {
	entry.effective_to != null
	entry.effective_to <= now
}

found contains label if {
	some label, n in input.data.entities
	n > 0
}

secret_labels := {label | some label in found; label in data.law.labels.secrets}

# A label that nobody has classed is personal.
personal_labels := {label |
	some label in found
	not label in data.law.labels.secrets
	not label in data.law.labels.impersonal
}

carries_personal if count(personal_labels) > 0

carries_personal if {
	some n in input.data.subjects
	n > 0
}

# Someone is below the age of consent of the place the call is sent from, or is known to be a minor.
carries_minor if input.data.minors

carries_minor if {
	some age in input.data.ages
	age < data.law.world.minors[area(origin)].under
}

# A transfer mechanism that the tenant has recorded; the first of the accepted ones, so that the answer is one.
recorded(accepted) := sort([name | some name in input.mechanisms; name in accepted])[0]

placeholders(labels) := {label: "placeholder" | some label in labels}

removals(labels) := {label: "remove" | some label in labels}

# How personal data is kept from leaving: by taking it out where it was located, else by staying where the call came
# from, else by not going at all.
protect := {"effect": "redact", "redact": placeholders(personal_labels)} if can_take_out

protect := stay_home if not can_take_out

can_take_out if {
	count(personal_labels) > 0
	count(fixed_labels) == 0
}

# Personal data inside files, which nobody can edit.
fixed_labels := {label |
	some label, n in input.data.unredactable
	n > 0
	label in personal_labels
}

stay_home := {"effect": "route", "route": [origin]} if {
	origin != ""
	origin != destination
}

stay_home := {"effect": "block"} if origin == ""

stay_home := {"effect": "block"} if origin == destination
