package lexgate.tests.world.minors

import data.lexgate.packs.world.minors
import data.lexgate.sample

test_thirteen_in_china if {
	hits := minors.hits with input as sample.personal("CN", "CN", 1, {"data": {"ages": [13]}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_fourteen_in_china if {
	hits := minors.hits with input as sample.personal("CN", "CN", 1, {"data": {"ages": [14]}})
	count(hits) == 0
}

test_consent_is_enough if {
	hits := minors.hits with input as sample.personal("CN", "CN", 1, {"data": {"ages": [13]}, "mechanisms": ["guardian_consent"]})
	count(hits) == 0
}

test_fifteen_in_germany if {
	hits := minors.hits with input as sample.personal("DE", "DE", 1, {"data": {"ages": [15]}})
	hits[_].citation == "GDPR art 8"
	count(hits) == 1
}

test_sixteen_in_germany if {
	hits := minors.hits with input as sample.personal("DE", "DE", 1, {"data": {"ages": [16]}})
	count(hits) == 0
}

test_seventeen_in_india if {
	hits := minors.hits with input as sample.personal("IN", "IN", 1, {"data": {"ages": [17]}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_a_minor_without_an_age if {
	hits := minors.hits with input as sample.personal("US", "US", 1, {"data": {"minors": true}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_nothing_to_take_out_a_person_decides if {
	hits := minors.hits with input as sample.personal("CN", "CN", 1, {"data": {"minors": true, "entities": {"PERSON": 0}}})
	hits[_].effect == "approval"
	count(hits) == 1
}

test_not_before_the_law if {
	hits := minors.hits with input as sample.personal("CN", "CN", 1, {"now": "2021-10-31T00:00:00Z", "data": {"ages": [13]}})
	count(hits) == 0
}

test_an_age_of_nobody if {
	hits := minors.hits with input as sample.call({"caller": {"country": "CN"}, "data": {"ages": [13]}})
	count(hits) == 0
}
