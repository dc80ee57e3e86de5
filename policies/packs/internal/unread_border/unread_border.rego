package lexgate.packs.internal.unread_border

import data.lexgate.facts

hits contains {
	"id": "internal.unread_border.parts",
	"effect": "block",
	"citation": "internal UNR-1",
	"message": "parts that nobody has inspected (images, audio, files) do not cross a border",
	"remedy": "send the content as text, or use a provider in the caller's own jurisdiction",
} if {
	facts.crosses_border
	count(input.request.uninspected) > 0
}

hits contains {
	"id": "internal.unread_border.references",
	"effect": "block",
	"citation": "internal UNR-2",
	"message": "references that only the provider can read (file ids, URLs, earlier responses) do not cross a border",
	"remedy": "send the content itself as text, or use a provider in the caller's own jurisdiction",
} if {
	facts.crosses_border
	count(input.request.references) > 0
}
