package lexgate.tests.us.hipaa

import data.lexgate.packs.us.hipaa
import data.lexgate.sample

test_no_contract_no_health_information if {
	hits := hipaa.hits with input as sample.personal("US", "US", 1, {"data": {"phi": true}})
	hits[_].effect == "redact"
}

test_with_a_contract_it_goes if {
	hits := hipaa.hits with input as sample.personal("US", "US", 1, {"data": {"phi": true}, "destination": {"certifications": ["hipaa_baa"]}})
	count(hits) == 0
}

test_a_covered_entity_sends_health_data if {
	hits := hipaa.hits with input as sample.personal("US", "US", 1, {"organisation": {"hipaa": true}, "data": {"subjects": {"health": 1}}})
	hits[_].effect == "redact"
}

test_de_identified_it_goes if {
	hits := hipaa.hits with input as sample.call({"caller": {"country": "US"}, "destination": {"country": "US"}, "data": {"phi": true}})
	count(hits) == 0
}
