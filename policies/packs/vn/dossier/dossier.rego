package lexgate.packs.vn.dossier

import data.lexgate.facts

law := data.law.vn.dossier

transfer if {
	facts.origin == "VN"
	facts.destination != "VN"
	facts.carries_personal
	facts.in_force(law)
}

exempt if input.data.role in law.exempt_roles

filed if law.mechanism in input.mechanisms

waiting if {
	input.counters.days_since_first_transfer != null
	input.counters.days_since_first_transfer <= law.days
}

hits contains {
	"id": "vn.dossier",
	"effect": "log",
	"log": "full",
	"mechanism": law.mechanism,
	"citation": law.citation,
	"message": "the transfer impact dossier is filed",
	"remedy": "nothing to do",
} if {
	transfer
	filed
}

hits contains {
	"id": "vn.dossier",
	"effect": "log",
	"log": "full",
	"citation": law.exempt_role_citation,
	"message": "employees' data is exempt from the transfer impact dossier",
	"remedy": "nothing to do",
} if {
	transfer
	not filed
	exempt
}

hits contains {
	"id": "vn.dossier",
	"effect": "log",
	"log": "full",
	"citation": law.citation,
	"message": sprintf("the transfer impact dossier is due within %d days of the first transfer", [law.days]),
	"remedy": sprintf("file the dossier and record the mechanism %s", [law.mechanism]),
} if {
	transfer
	not filed
	not exempt
	waiting
}

hits contains object.union(facts.stay_home, {
	"id": "vn.dossier",
	"citation": law.citation,
	"message": sprintf("the transfer impact dossier was due within %d days of the first transfer and is not recorded", [law.days]),
	"remedy": sprintf("file the dossier and record the mechanism %s, or use a provider in Vietnam", [law.mechanism]),
}) if {
	transfer
	not filed
	not exempt
	not waiting
}
