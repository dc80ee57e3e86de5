package lexgate.packs.internal.provider_tools

import data.lexgate.facts

hits contains {
	"id": "internal.provider_tools",
	"effect": "block",
	"citation": "internal TOL-1",
	"message": "tools that the provider runs (search, code, fetch) are not offered abroad in a call that carries personal data",
	"remedy": "leave the provider's tools out of this call, or take the personal data out, or use a provider in the caller's own jurisdiction",
} if {
	facts.crosses_border
	facts.carries_personal
	count(input.request.provider_tools) > 0
}
