package lexgate.packs.internal.secrets

import data.lexgate.facts

hits contains {
	"id": "internal.secrets",
	"effect": "redact",
	"redact": facts.placeholders(facts.secret_labels),
	"citation": "internal SEC-1",
	"message": "credentials leave nowhere: they are replaced before the call is sent, and never put back into the answer",
	"remedy": "take the credential out of the prompt; keep it in a secret store and name it there",
} if {
	count(facts.secret_labels) > 0
}
