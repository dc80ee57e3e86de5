package lexgate.tests.gb.transfer

import data.lexgate.packs.gb.transfer
import data.lexgate.sample

test_the_eu_framework_alone_is_not_enough if {
	hits := transfer.hits with input as sample.personal("GB", "US", 1, {"destination": {"certifications": ["dpf"]}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_the_uk_extension_is if {
	hits := transfer.hits with input as sample.personal("GB", "US", 1, {"destination": {"certifications": ["dpf_uk_extension"]}})
	hits[_].mechanism == "adequacy:US"
	count(hits) == 1
}

test_the_eea_is_adequate if {
	hits := transfer.hits with input as sample.personal("GB", "FR", 1, {})
	hits[_].mechanism == "adequacy:EEA"
	count(hits) == 1
}

test_eu_clauses_are_not_the_addendum if {
	hits := transfer.hits with input as sample.personal("GB", "IN", 1, {"mechanisms": ["eu_scc"]})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_the_idta_is_a_ground if {
	hits := transfer.hits with input as sample.personal("GB", "IN", 1, {"mechanisms": ["uk_idta"]})
	hits[_].mechanism == "uk_idta"
	count(hits) == 1
}

test_callers_outside_are_not_meant if {
	hits := transfer.hits with input as sample.personal("DE", "US", 1, {})
	count(hits) == 0
}

test_at_home_nothing if {
	hits := transfer.hits with input as sample.personal("GB", "GB", 1, {})
	count(hits) == 0
}

test_nobody_named if {
	hits := transfer.hits with input as sample.call({"caller": {"country": "GB"}, "destination": {"country": "US"}})
	count(hits) == 0
}
