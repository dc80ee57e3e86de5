package lexgate.tests.eu.transfer

import data.lexgate.packs.eu.transfer
import data.lexgate.sample

test_no_ground_no_transfer if {
	hits := transfer.hits with input as sample.personal("DE", "US", 1, {})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_the_framework_covers_certified_recipients if {
	hits := transfer.hits with input as sample.personal("DE", "US", 1, {"destination": {"certifications": ["dpf"]}})
	hits[_].mechanism == "adequacy:US"
	count(hits) == 1
}

test_standard_clauses_are_a_ground if {
	hits := transfer.hits with input as sample.personal("DE", "IN", 1, {"mechanisms": ["eu_scc"]})
	hits[_].mechanism == "eu_scc"
	count(hits) == 1
}

test_a_chinese_contract_is_no_ground if {
	hits := transfer.hits with input as sample.personal("DE", "CN", 1, {"mechanisms": ["cn_standard_contract"]})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_brazil_before_its_decision if {
	hits := transfer.hits with input as sample.personal("FR", "BR", 1, {"now": "2025-12-01T00:00:00Z"})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_brazil_after_its_decision if {
	hits := transfer.hits with input as sample.personal("FR", "BR", 1, {})
	hits[_].mechanism == "adequacy:BR"
	count(hits) == 1
}

test_brazil_from_norway_is_pending if {
	hits := transfer.hits with input as sample.personal("NO", "BR", 1, {})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_the_decision_on_the_united_kingdom_ends if {
	hits := transfer.hits with input as sample.personal("DE", "GB", 1, {"now": "2031-12-27T00:00:00Z"})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_inside_the_eea_nothing_is_transferred if {
	hits := transfer.hits with input as sample.personal("DE", "NO", 1, {})
	count(hits) == 0
}

test_nobody_named_nothing_asked if {
	hits := transfer.hits with input as sample.call({"destination": {"country": "US"}})
	count(hits) == 0
}

test_callers_outside_are_not_meant if {
	hits := transfer.hits with input as sample.personal("JP", "US", 1, {})
	count(hits) == 0
}

test_the_framework_falls_with_its_switch if {
	hits := transfer.hits with input as sample.personal("DE", "US", 1, {"destination": {"certifications": ["dpf"]}}) with data.law.eu.switches.eu_us_dpf.valid as false
	hits[_].effect == "redact"
	count(hits) == 1
}

test_two_grounds_are_one_hit if {
	hits := transfer.hits with input as sample.personal("DE", "JP", 1, {"mechanisms": ["eu_scc"]})
	hits[_].mechanism == "adequacy:JP"
	count(hits) == 1
}
