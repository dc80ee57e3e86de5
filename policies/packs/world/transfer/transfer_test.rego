package lexgate.tests.world.transfer

import data.lexgate.packs.world.transfer
import data.lexgate.sample

test_japan_designates_the_eea if {
	hits := transfer.hits with input as sample.personal("JP", "DE", 1, {})
	hits[_].mechanism == "adequacy:EEA"
	count(hits) == 1
}

test_japan_to_america_needs_consent if {
	hits := transfer.hits with input as sample.personal("JP", "US", 1, {})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_consent_is_a_ground_in_japan if {
	hits := transfer.hits with input as sample.personal("JP", "US", 1, {"mechanisms": ["jp_consent"]})
	hits[_].mechanism == "jp_consent"
	count(hits) == 1
}

test_switzerland_knows_its_own_framework if {
	hits := transfer.hits with input as sample.personal("CH", "US", 1, {"destination": {"certifications": ["dpf_swiss"]}})
	hits[_].mechanism == "adequacy:US"
	count(hits) == 1
}

test_brazil_to_the_union if {
	hits := transfer.hits with input as sample.personal("BR", "DE", 1, {})
	hits[_].mechanism == "adequacy:EU"
	count(hits) == 1
}

test_brazil_to_norway_is_not_the_union if {
	hits := transfer.hits with input as sample.personal("BR", "NO", 1, {})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_india_restricts_nobody_yet if {
	hits := transfer.hits with input as sample.personal("IN", "US", 1, {})
	hits[_].effect == "log"
	count(hits) == 1
}

test_australia_holds_the_exporter_accountable if {
	hits := transfer.hits with input as sample.personal("AU", "US", 1, {})
	hits[_].effect == "log"
	count(hits) == 1
}

test_silence_is_no_permission if {
	hits := transfer.hits with input as sample.personal("KE", "US", 1, {})
	hits[_].id == "world.unknown_origin"
	count(hits) == 1
}

test_those_with_packs_are_left_to_them if {
	hits := transfer.hits with input as sample.personal("DE", "US", 1, {})
	count(hits) == 0
}

test_a_restricted_country_is_redacted if {
	hits := transfer.hits with input as sample.personal("IN", "US", 1, {}) with data.law.world.regimes.IN.restricted as [{"country": "US", "effective_from": "2026-01-01", "effective_to": null}]
	hits[_].effect == "redact"
	count(hits) == 1
}

test_quebec_asks_for_an_assessment if {
	hits := transfer.hits with input as sample.personal("CA", "US", 1, {"caller": {"region": "QC"}})
	{hit.effect | some hit in hits} == {"redact"}
}

test_quebec_with_an_assessment if {
	hits := transfer.hits with input as sample.personal("CA", "US", 1, {"caller": {"region": "QC"}, "mechanisms": ["ca_quebec_assessment"]})
	{hit.effect | some hit in hits} == {"log"}
}

test_at_home_nothing if {
	hits := transfer.hits with input as sample.personal("JP", "JP", 1, {})
	count(hits) == 0
}

test_nobody_named if {
	hits := transfer.hits with input as sample.call({"caller": {"country": "JP"}, "destination": {"country": "US"}})
	count(hits) == 0
}

test_quebec_at_home if {
	hits := transfer.hits with input as sample.personal("CA", "CA", 1, {"caller": {"region": "QC"}, "mechanisms": ["ca_quebec_assessment"]})
	count(hits) == 0
}

test_quebec_before_its_law if {
	hits := transfer.hits with input as sample.personal("CA", "US", 1, {"now": "2023-09-21T00:00:00Z", "caller": {"region": "QC"}})
	hits[_].effect == "log"
	count(hits) == 1
}

test_a_ban_of_tomorrow if {
	hits := transfer.hits with input as sample.personal("IN", "US", 1, {}) with data.law.world.regimes.IN.restricted as [{"country": "US", "effective_from": "2027-01-01", "effective_to": null}]
	hits[_].effect == "log"
	count(hits) == 1
}

test_a_ban_of_another_country if {
	hits := transfer.hits with input as sample.personal("IN", "DE", 1, {}) with data.law.world.regimes.IN.restricted as [{"country": "US", "effective_from": "2020-01-01", "effective_to": null}]
	hits[_].effect == "log"
	count(hits) == 1
}
