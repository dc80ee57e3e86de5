package lexgate.tests.us.hipaa

import data.lexgate.packs.us.hipaa
import data.lexgate.sample

test_no_contract_no_health_information if {
	hits := hipaa.hits with input as sample.personal("US", "US", 1, {"data": {"phi": true}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_with_a_contract_it_goes if {
	hits := hipaa.hits with input as sample.personal("US", "US", 1, {"data": {"phi": true}, "destination": {"certifications": ["hipaa_baa"]}})
	count(hits) == 0
}

test_a_covered_entity_sends_health_data if {
	hits := hipaa.hits with input as sample.personal("US", "US", 1, {"organisation": {"hipaa": true}, "data": {"subjects": {"health": 1}}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_de_identified_it_goes if {
	hits := hipaa.hits with input as sample.call({"caller": {"country": "US"}, "destination": {"country": "US"}, "data": {"phi": true}})
	count(hits) == 0
}

test_elsewhere_it_is_not_asked if {
	hits := hipaa.hits with input as sample.personal("DE", "DE", 1, {"data": {"phi": true}})
	count(hits) == 0
}

test_not_before_the_rule if {
	hits := hipaa.hits with input as sample.personal("US", "US", 1, {"now": "2013-03-01T00:00:00Z", "data": {"phi": true}})
	count(hits) == 0
}

test_ordinary_data_of_a_covered_entity if {
	hits := hipaa.hits with input as sample.personal("US", "US", 1, {"organisation": {"hipaa": true}})
	count(hits) == 0
}

test_health_data_of_others if {
	hits := hipaa.hits with input as sample.personal("US", "US", 1, {"data": {"subjects": {"health": 1}, "categories": ["health"]}})
	count(hits) == 0
}

test_a_health_category_of_a_covered_entity if {
	hits := hipaa.hits with input as sample.personal("US", "US", 1, {"organisation": {"hipaa": true}, "data": {"categories": ["health"]}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_a_contract_of_the_tenant if {
	hits := hipaa.hits with input as sample.personal("US", "US", 1, {"data": {"phi": true}, "mechanisms": ["us_hipaa_baa"]})
	count(hits) == 0
}
