package lexgate.packs.internal.logging

import data.lexgate.facts

hits contains {
	"id": "internal.logging",
	"effect": "log",
	"log": "full",
	"citation": "internal LOG-1",
	"message": "calls of grade L2 and above, and personal data that crosses a border, are recorded in full",
	"remedy": "nothing to do",
} if {
	noteworthy
}

noteworthy if input.data.grade != "L1"

noteworthy if {
	facts.crosses_border
	facts.carries_personal
}
