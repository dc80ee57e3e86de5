package lexgate.tests.eu.special_categories

import data.lexgate.packs.eu.special_categories
import data.lexgate.sample

test_health_at_home_needs_a_ground if {
	hits := special_categories.hits with input as sample.personal("ES", "IE", 1, {"data": {"categories": ["health"], "subjects": {"health": 1}}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_a_recorded_ground_is_enough if {
	hits := special_categories.hits with input as sample.personal("ES", "IE", 1, {"data": {"categories": ["health"], "subjects": {"health": 1}}, "mechanisms": ["eu_art9_ground"]})
	count(hits) == 0
}

test_with_nothing_to_take_out_a_person_decides if {
	hits := special_categories.hits with input as sample.personal("ES", "IE", 1, {"data": {"categories": ["health"], "entities": {"PERSON": 0}}})
	hits[_].effect == "approval"
	count(hits) == 1
}

test_health_of_nobody_is_no_personal_data if {
	hits := special_categories.hits with input as sample.call({"data": {"categories": ["health"]}})
	count(hits) == 0
}

test_convictions_need_authority if {
	hits := special_categories.hits with input as sample.personal("ES", "IE", 1, {"data": {"categories": ["criminal"]}})
	hits[_].id == "eu.criminal_records"
	count(hits) == 1
}

test_elsewhere_it_is_not_asked if {
	hits := special_categories.hits with input as sample.personal("JP", "JP", 1, {"data": {"categories": ["health", "criminal"], "subjects": {"health": 1}}})
	count(hits) == 0
}

test_not_before_the_regulation if {
	hits := special_categories.hits with input as sample.personal("ES", "IE", 1, {"now": "2018-05-24T00:00:00Z", "data": {"categories": ["health", "criminal"]}})
	count(hits) == 0
}

test_ordinary_data_is_fine if {
	hits := special_categories.hits with input as sample.personal("ES", "IE", 1, {})
	count(hits) == 0
}

test_a_category_alone_is_enough if {
	hits := special_categories.hits with input as sample.personal("ES", "IE", 1, {"data": {"categories": ["religion"]}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_another_category_is_not if {
	hits := special_categories.hits with input as sample.personal("ES", "IE", 1, {"data": {"categories": ["shoe_size"]}})
	count(hits) == 0
}

test_a_subject_alone_is_enough if {
	hits := special_categories.hits with input as sample.personal("ES", "IE", 1, {"data": {"subjects": {"biometric": 1}}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_authority_is_enough if {
	hits := special_categories.hits with input as sample.personal("ES", "IE", 1, {"data": {"categories": ["criminal"]}, "mechanisms": ["eu_art10_authority"]})
	count(hits) == 0
}

test_convictions_of_nobody if {
	hits := special_categories.hits with input as sample.call({"data": {"categories": ["criminal"]}})
	count(hits) == 0
}
