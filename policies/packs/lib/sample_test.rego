# What tests start from: a clean call at home, and `call` to change it. Deep merge, so a test names only what matters.
package lexgate.sample

none := {
	"pi": 0, "spi": 0, "health": 0, "financial": 0, "geo": 0, "biometric": 0, "identifier": 0, "genomic": 0, "omic": 0,
}

base := {
	"schema": "lexgate/input@1",
	"now": "2026-11-24T12:00:00Z",
	"caller": {
		"tenant": "acme", "application": "crm", "audience": "internal", "user": "li.wei", "purpose": "support",
		"country": "DE", "region": "",
	},
	"organisation": {"name": "Example AG", "country": "DE", "ciio": false, "hipaa": false},
	"destination": {
		"provider": "demo", "model": "m", "country": "DE", "retention_days": null, "training": null,
		"certifications": [], "covered_person": false,
	},
	"request": {
		"protocol": "openai_chat", "stream": false, "json_mode": false, "tools": 0, "provider_tools": [],
		"references": [], "uninspected": [],
	},
	"data": {
		"grade": "L1", "categories": [], "entities": {}, "subjects": none, "new_subjects": none, "important": false,
		"minors": false, "ages": [], "role": "", "foreign_origin": false, "citizens": [], "collecting": true,
		"government_related": false, "pseudonymised": false, "phi": false,
	},
	"counters": {
		"cn_pi_ytd": 0, "cn_spi_ytd": 0, "us_health_12m": 0, "us_financial_12m": 0, "us_geo_12m": 0,
		"us_biometric_12m": 0, "us_identifier_12m": 0, "us_genomic_12m": 0, "us_omic_12m": 0,
		"days_since_first_transfer": null,
	},
	"mechanisms": [],
	"attempt": 1,
}

call(changes) := object.union(base, changes)

# A call between two places that names people: `people` ordinary subjects, found as PERSON.
personal(origin, destination, people, changes) := object.union(
	call({
		"caller": {"country": origin},
		"destination": {"country": destination},
		"data": {
			"grade": "L3", "categories": ["personal"], "entities": {"PERSON": people},
			"subjects": {"pi": people}, "new_subjects": {"pi": people},
		},
	}),
	changes,
)

effects(hits, id) := {hit.effect | some hit in hits; hit.id == id}
