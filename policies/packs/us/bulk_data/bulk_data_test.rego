package lexgate.tests.us.bulk_data

import data.lexgate.packs.us.bulk_data
import data.lexgate.sample

test_a_thousand_biometric_is_not_more_than_a_thousand if {
	hits := bulk_data.hits with input as sample.personal("US", "CN", 1, {"data": {"subjects": {"biometric": 1}, "new_subjects": {"biometric": 1}}, "counters": {"us_biometric_12m": 999}})
	hits[_].tier == "below_threshold"
	count(hits) == 1
}

test_one_more_is if {
	hits := bulk_data.hits with input as sample.personal("US", "CN", 1, {"data": {"subjects": {"biometric": 1}, "new_subjects": {"biometric": 1}}, "counters": {"us_biometric_12m": 1000}})
	hits[_].route == ["US"]
	count(hits) == 1
}

test_genomic_is_prohibited if {
	hits := bulk_data.hits with input as sample.personal("US", "HK", 1, {"data": {"subjects": {"genomic": 1}, "new_subjects": {"genomic": 1}}, "counters": {"us_genomic_12m": 100}})
	hits[_].effect == "block"
	count(hits) == 1
}

test_security_requirements_open_restricted_only if {
	hits := bulk_data.hits with input as sample.personal("US", "HK", 1, {"data": {"subjects": {"genomic": 1}, "new_subjects": {"genomic": 1}}, "counters": {"us_genomic_12m": 100}, "mechanisms": ["us_cisa_requirements"]})
	hits[_].effect == "block"
	count(hits) == 1
}

test_security_requirements_open_restricted if {
	hits := bulk_data.hits with input as sample.personal("US", "RU", 1, {"data": {"subjects": {"health": 1}, "new_subjects": {"health": 1}}, "counters": {"us_health_12m": 10000}, "mechanisms": ["us_cisa_requirements"]})
	hits[_].mechanism == "us_cisa_requirements"
	count(hits) == 1
}

test_pseudonyms_do_not_exempt if {
	hits := bulk_data.hits with input as sample.personal("US", "CN", 1, {"data": {"pseudonymised": true, "subjects": {"health": 1}, "new_subjects": {"health": 1}}, "counters": {"us_health_12m": 10000}})
	hits[_].tier == "doj_restricted"
	count(hits) == 1
}

test_germany_is_no_country_of_concern if {
	hits := bulk_data.hits with input as sample.personal("US", "DE", 1, {"data": {"subjects": {"health": 1}, "new_subjects": {"health": 1}}, "counters": {"us_health_12m": 49999}})
	count(hits) == 0
}

test_a_covered_person_is_meant_wherever_it_sits if {
	hits := bulk_data.hits with input as sample.personal("US", "SG", 1, {"data": {"subjects": {"health": 1}, "new_subjects": {"health": 1}}, "counters": {"us_health_12m": 49999}, "destination": {"covered_person": true}})
	hits[_].tier == "doj_restricted"
	count(hits) == 1
}

test_before_the_rule_nothing if {
	hits := bulk_data.hits with input as sample.personal("US", "CN", 1, {"data": {"subjects": {"health": 1}, "new_subjects": {"health": 1}}, "counters": {"us_health_12m": 49999}, "now": "2025-04-07T00:00:00Z"})
	count(hits) == 0
}

test_combined_data_takes_the_lowest_threshold if {
	hits := bulk_data.hits with input as sample.personal("US", "CN", 1, {"data": {"subjects": {"health": 1, "biometric": 1}, "new_subjects": {"health": 1, "biometric": 1}}, "counters": {"us_health_12m": 1500}})
	hits[_].tier == "doj_restricted"
	count(hits) == 1
}

test_government_related_data_has_no_volume if {
	hits := bulk_data.hits with input as sample.call({"caller": {"country": "US"}, "destination": {"country": "IR"}, "data": {"government_related": true}})
	hits[_].id == "us.government_related"
	count(hits) == 1
}

test_only_us_persons_are_meant if {
	hits := bulk_data.hits with input as sample.personal("DE", "CN", 1, {"data": {"subjects": {"health": 1}, "new_subjects": {"health": 1}}, "counters": {"us_health_12m": 20000}})
	count(hits) == 0
}

test_a_covered_person_from_germany_is_not if {
	hits := bulk_data.hits with input as sample.personal("DE", "DE", 1, {"data": {"subjects": {"health": 1}, "new_subjects": {"health": 1}}, "counters": {"us_health_12m": 20000}, "destination": {"covered_person": true}})
	count(hits) == 0
}

test_a_us_organisation_anywhere_is if {
	hits := bulk_data.hits with input as sample.personal("SG", "CN", 1, {"data": {"subjects": {"health": 1}, "new_subjects": {"health": 1}}, "counters": {"us_health_12m": 20000}, "organisation": {"country": "US"}})
	hits[_].route == ["SG"]
	count(hits) == 1
}

test_government_related_data_elsewhere if {
	hits := bulk_data.hits with input as sample.call({"caller": {"country": "US"}, "data": {"government_related": true}})
	count(hits) == 0
}

test_no_government_related_data if {
	hits := bulk_data.hits with input as sample.call({"caller": {"country": "US"}, "destination": {"country": "IR"}})
	count(hits) == 0
}

test_government_related_data_before_the_rule if {
	hits := bulk_data.hits with input as sample.call({"now": "2025-04-07T00:00:00Z", "caller": {"country": "US"}, "destination": {"country": "IR"}, "data": {"government_related": true}})
	count(hits) == 0
}

test_government_related_data_under_requirements if {
	hits := bulk_data.hits with input as sample.call({"caller": {"country": "US"}, "destination": {"country": "IR"}, "data": {"government_related": true}, "mechanisms": ["us_cisa_requirements"]})
	count(hits) == 0
}

test_a_licence_opens_what_is_prohibited if {
	hits := bulk_data.hits with input as sample.personal("US", "CN", 1, {"data": {"subjects": {"genomic": 1}, "new_subjects": {"genomic": 1}}, "counters": {"us_genomic_12m": 500}, "mechanisms": ["us_doj_license"]})
	hits[_].effect == "log"
	count(hits) == 1
}
