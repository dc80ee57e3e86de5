package lexgate.tests.eu.special_categories

import data.lexgate.packs.eu.special_categories
import data.lexgate.sample

test_health_at_home_needs_a_ground if {
	hits := special_categories.hits with input as sample.personal("ES", "IE", 1, {"data": {"categories": ["health"], "subjects": {"health": 1}}})
	hits[_].effect == "redact"
}

test_a_recorded_ground_is_enough if {
	hits := special_categories.hits with input as sample.personal("ES", "IE", 1, {"data": {"categories": ["health"], "subjects": {"health": 1}}, "mechanisms": ["eu_art9_ground"]})
	count(hits) == 0
}

test_with_nothing_to_take_out_a_person_decides if {
	hits := special_categories.hits with input as sample.personal("ES", "IE", 1, {"data": {"categories": ["health"], "entities": {"PERSON": 0}}})
	hits[_].effect == "approval"
}

test_health_of_nobody_is_no_personal_data if {
	hits := special_categories.hits with input as sample.call({"data": {"categories": ["health"]}})
	count(hits) == 0
}

test_convictions_need_authority if {
	hits := special_categories.hits with input as sample.personal("ES", "IE", 1, {"data": {"categories": ["criminal"]}})
	hits[_].id == "eu.criminal_records"
}
