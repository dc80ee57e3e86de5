# The grounds on which a regime lets personal data go to the destination, read from its table.
package lexgate.transfer

import data.lexgate.facts

# Every ground that holds now; the empty set means that the transfer has none.
grounds(regime, switches) := by_adequacy(regime, switches) | by_mechanism(regime)

by_adequacy(regime, switches) := {ground |
	some entry in regime.adequate
	covers(entry.country)
	facts.in_force(entry)
	not facts.origin in entry.except_origins
	certified(entry)
	switched_on(entry, switches)
	ground := {"name": sprintf("adequacy:%s", [entry.country]), "citation": entry.citation}
}

by_mechanism(regime) := {{"name": name, "citation": regime.citation} |
	some name in input.mechanisms
	name in regime.mechanisms
}

covers(area) if area == facts.destination

covers("EEA") if facts.destination in data.law.eu.members

covers("EU") if {
	facts.destination in data.law.eu.members
	not facts.destination in {"IS", "LI", "NO"}
}

certified(entry) if entry.certification == null

certified(entry) if entry.certification in input.destination.certifications

switched_on(entry, _) if entry["switch"] == null

switched_on(entry, switches) if switches[entry["switch"]].valid

# The hits of a regime whose rule is "a ground, or not at all".
hits(id, regime, switches) := {hit |
	found := grounds(regime, switches)
	count(found) > 0
	first := sort([ground.name | some ground in found])[0]
	some ground in found
	ground.name == first
	hit := {
		"id": id,
		"effect": "log",
		"log": "full",
		"mechanism": ground.name,
		"citation": ground.citation,
		"message": sprintf("the transfer of personal data from %s to %s rests on %s", [facts.origin, facts.destination, ground.name]),
		"remedy": "nothing to do",
	}
} | {hit |
	count(grounds(regime, switches)) == 0
	hit := object.union(facts.protect, {
		"id": id,
		"citation": regime.citation,
		"message": sprintf("personal data may not go from %s to %s: no adequacy finding covers the recipient and no transfer mechanism is recorded", [facts.origin, facts.destination]),
		"remedy": sprintf("use a provider in %s or in an adequate country, or record one of: %s", [facts.origin, concat(", ", regime.mechanisms)]),
	})
}
