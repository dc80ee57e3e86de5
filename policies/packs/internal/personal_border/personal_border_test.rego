package lexgate.tests.internal.personal_border

import data.lexgate.packs.internal.personal_border
import data.lexgate.sample

test_a_name_abroad_is_replaced if {
	hits := personal_border.hits with input as sample.personal("DE", "US", 1, {})
	hits[_].redact == {"PERSON": "placeholder"}
	count(hits) == 1
}

test_the_eea_is_one_area if {
	hits := personal_border.hits with input as sample.personal("DE", "FR", 1, {})
	count(hits) == 0
}

test_hong_kong_is_abroad_from_the_mainland if {
	hits := personal_border.hits with input as sample.personal("CN", "HK", 1, {})
	count(hits) == 1
}

test_towards_a_country_of_concern_it_is_removed if {
	hits := personal_border.hits with input as sample.personal("US", "CN", 1, {})
	hits[_].redact == {"PERSON": "remove"}
	count(hits) == 1
}

test_people_without_a_place_keep_the_call_at_home if {
	hits := personal_border.hits with input as sample.personal("DE", "US", 1, {"data": {"entities": {"PERSON": 0}}})
	hits[_].route == ["DE"]
	count(hits) == 1
}

test_an_unknown_origin_is_abroad if {
	hits := personal_border.hits with input as sample.personal("", "US", 1, {})
	count(hits) == 1
}

test_an_unknown_origin_and_no_place_is_blocked if {
	hits := personal_border.hits with input as sample.personal("", "", 1, {"data": {"entities": {"PERSON": 0}}})
	hits[_].effect == "block"
	count(hits) == 1
}

test_people_without_a_place_stay_home_from_a_country_of_concern_too if {
	hits := personal_border.hits with input as sample.personal("US", "CN", 1, {"data": {"entities": {"PERSON": 0}}})
	hits[_].route == ["US"]
	count(hits) == 1
}

test_nobody_named_nothing_asked if {
	hits := personal_border.hits with input as sample.call({"destination": {"country": "US"}})
	count(hits) == 0
}

test_from_germany_to_china_a_placeholder_stays if {
	hits := personal_border.hits with input as sample.personal("DE", "CN", 1, {})
	hits[_].redact == {"PERSON": "placeholder"}
	count(hits) == 1
}

test_organisations_and_keys_are_not_persons if {
	hits := personal_border.hits with input as sample.personal("DE", "US", 1, {"data": {"entities": {"ORG": 1, "API_KEY": 1}}})
	hits[_].redact == {"PERSON": "placeholder"}
	count(hits) == 1
}
