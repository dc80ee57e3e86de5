package lexgate.packs.us.bulk_data

import data.lexgate.facts

law := data.law.us

# Access by a country of concern or a covered person, given by a US person.
covered_access if {
	from_us
	facts.destination in law.countries_of_concern
}

covered_access if {
	from_us
	input.destination.covered_person
}

from_us if facts.origin == "US"

from_us if input.organisation.country == "US"

# Classes that this call carries, with the total over twelve months once it is counted.
totals[name] := total if {
	some entry in law.bulk
	name := entry["class"]
	input.data.subjects[name] > 0
	total := input.counters[sprintf("us_%s_12m", [name])] + input.data.new_subjects[name]
}

present contains entry if {
	covered_access
	some entry in law.bulk
	facts.in_force(entry)
	totals[entry["class"]]
}

# Combined data: the lowest threshold among the classes present counts for each of them, 202.205(g).
lowest := min({entry.more_than | some entry in present})

exceeded if {
	some entry in present
	totals[entry["class"]] > lowest
}

prohibited if {
	some entry in present
	entry.tier == "doj_prohibited"
}

tier := "doj_prohibited" if {
	exceeded
	prohibited
} else := "doj_restricted" if {
	exceeded
}

cited := concat(", ", sort([entry.citation | some entry in present]))

hits contains {
	"id": "us.bulk_data",
	"effect": "log",
	"log": "full",
	"tier": tier,
	"mechanism": facts.recorded(law.accepted[tier]),
	"citation": cited,
	"message": "bulk US sensitive personal data goes to a country of concern or covered person under a recorded mechanism",
	"remedy": "nothing to do",
}

hits contains {
	"id": "us.bulk_data",
	"effect": "block",
	"tier": tier,
	"citation": sprintf("%s, 202.301, 202.303", [cited]),
	"message": "giving a country of concern or covered person access to bulk human genomic or other 'omic data is prohibited; pseudonymising does not exempt",
	"remedy": sprintf("use a provider that is no covered person, outside the countries of concern (%s)", [concat(", ", law.countries_of_concern)]),
} if {
	tier == "doj_prohibited"
	not facts.recorded(law.accepted[tier])
}

hits contains object.union(facts.stay_home, {
	"id": "us.bulk_data",
	"tier": tier,
	"citation": sprintf("%s, 202.401", [cited]),
	"message": "giving a country of concern or covered person access to bulk US sensitive personal data is restricted; pseudonymising does not exempt",
	"remedy": sprintf("use a provider that is no covered person, outside the countries of concern, or record one of: %s", [concat(", ", law.accepted[tier])]),
}) if {
	tier == "doj_restricted"
	not facts.recorded(law.accepted[tier])
}

hits contains {
	"id": "us.bulk_data",
	"effect": "log",
	"log": "full",
	"tier": "below_threshold",
	"citation": cited,
	"message": "US sensitive personal data goes to a country of concern or covered person, below the bulk thresholds",
	"remedy": "nothing to do; the volume is counted over twelve months",
} if {
	count(present) > 0
	not exceeded
}

hits contains object.union(facts.stay_home, {
	"id": "us.government_related",
	"tier": law.government_related.tier,
	"citation": law.government_related.citation,
	"message": "government-related data may not go to a country of concern or covered person, whatever its volume",
	"remedy": sprintf("use a provider that is no covered person, outside the countries of concern, or record one of: %s", [concat(", ", law.accepted[law.government_related.tier])]),
}) if {
	covered_access
	input.data.government_related
	facts.in_force(law.government_related)
	not facts.recorded(law.accepted[law.government_related.tier])
}
