package lexgate.packs.cn.export

import data.lexgate.facts

law := data.law.cn

is_export if {
	facts.origin == "CN"
	facts.destination != "CN"
}

# A call adds its own subjects first, then the test is made.
totals := {
	"pi": input.counters.cn_pi_ytd + input.data.new_subjects.pi,
	"spi": input.counters.cn_spi_ytd + input.data.new_subjects.spi + uncounted,
}

# Sensitive by its category or because it is a child's (PIPL art 28), even where no detector counted a sensitive subject.
default uncounted := 0

uncounted := 1 if {
	input.data.subjects.spi == 0
	facts.carries_personal
	sensitive
}

sensitive if facts.carries_minor

sensitive if {
	some category in input.data.categories
	category in law.sensitive_categories
}

reached(tier) := sort([threshold.citation |
	some threshold in law.thresholds
	threshold.tier == tier
	facts.in_force(threshold)
	threshold.at_least <= totals[threshold["class"]]
	not beyond(threshold)
])[0]

beyond(threshold) if {
	threshold.below != null
	totals[threshold["class"]] >= threshold.below
}

exemption := "CBDF 2024 art 4" if input.data.foreign_origin

else := law.free_trade_zone.citation if law.free_trade_zone.mechanism in input.mechanisms

else := sort([entry.citation |
	some entry in law.exempt_purposes
	entry.purpose == input.caller.purpose
	right_role(entry)
])[0]

right_role(entry) if count(entry.roles) == 0

right_role(entry) if input.data.role == ""

right_role(entry) if input.data.role in entry.roles

# The band that applies, in the order in which the provisions prevail over one another.
verdict := {"tier": "domestic", "citation": "PIPL art 38 (no export)"} if {
	facts.origin == "CN"
	facts.destination == "CN"
} else := {"tier": "security_assessment", "citation": "CBDF 2024 art 7(2); NDSMR art 37"} if {
	is_export
	input.data.important
} else := {"tier": "exempt", "citation": "CBDF 2024 art 3"} if {
	is_export
	not facts.carries_personal
} else := {"tier": "exempt", "citation": ground} if {
	is_export
	ground := exemption
} else := {"tier": "security_assessment", "citation": "CBDF 2024 art 7(1)"} if {
	is_export
	input.organisation.ciio
} else := {"tier": "security_assessment", "citation": band} if {
	is_export
	band := reached("security_assessment")
} else := {"tier": "standard_contract_or_certification", "citation": band} if {
	is_export
	band := reached("standard_contract_or_certification")
} else := {"tier": "exempt", "citation": band} if {
	is_export
	band := reached("exempt")
} else := {"tier": "security_assessment", "citation": "PIPL art 38 (no volume test of that date is on file)"} if {
	is_export
}

mechanism := facts.recorded(law.accepted[verdict.tier])

mechanism := law.special_region.mechanism if {
	verdict.tier == "standard_contract_or_certification"
	not facts.recorded(law.accepted[verdict.tier])
	facts.destination in law.special_region.destinations
	law.special_region.mechanism in input.mechanisms
}

hits contains {
	"id": "cn.export",
	"effect": "log",
	"log": log_level,
	"tier": verdict.tier,
	"citation": verdict.citation,
	"message": sprintf("China: %s, no transfer mechanism is needed", [verdict.tier]),
	"remedy": "nothing to do",
} if {
	verdict.tier in {"domestic", "exempt"}
}

hits contains {
	"id": "cn.export",
	"effect": "log",
	"log": "full",
	"tier": verdict.tier,
	"mechanism": mechanism,
	"citation": verdict.citation,
	"message": sprintf("export from China in the band %s rests on %s", [verdict.tier, mechanism]),
	"remedy": "nothing to do",
} if {
	verdict.tier in {"security_assessment", "standard_contract_or_certification"}
}

hits contains object.union(kept_back, {
	"id": "cn.export",
	"tier": verdict.tier,
	"citation": verdict.citation,
	"message": sprintf("export from China in the band %s without a mechanism that the band accepts", [verdict.tier]),
	"remedy": sprintf("use a provider in mainland China, take the data out, or record one of: %s", [concat(", ", law.accepted[verdict.tier])]),
}) if {
	verdict.tier in {"security_assessment", "standard_contract_or_certification"}
	not mechanism
}

# Important data cannot be told apart from the rest of the text: the call stays in China.
kept_back := facts.stay_home if input.data.important

kept_back := facts.protect if not input.data.important

default log_level := "standard"

log_level := "full" if {
	is_export
	facts.carries_personal
}
