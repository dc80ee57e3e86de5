package lexgate.packs.world.ai_disclosure

import data.lexgate.facts

hits contains {
	"id": "world.ai_disclosure",
	"effect": "label",
	"labels": ["explicit"],
	"citation": rule.citation,
	"message": "people are told that they read the output of an AI system",
	"remedy": "nothing to do: the label is added to the answer",
} if {
	input.caller.audience == "public"
	rule := data.law.world.ai_disclosure[facts.area(facts.origin)]
	facts.in_force(rule)
}
