package lexgate.tests.cn.export

import data.lexgate.packs.cn.export
import data.lexgate.sample

test_at_home_is_domestic if {
	hits := export.hits with input as sample.personal("CN", "CN", 50, {})
	hits[_].tier == "domestic"
}

test_few_people_are_exempt if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {})
	hits[_].tier == "exempt"
}

test_no_person_is_exempt if {
	hits := export.hits with input as sample.call({"caller": {"country": "CN"}, "destination": {"country": "US"}})
	hits[_].citation == "CBDF 2024 art 3"
}

test_the_hundred_thousandth_needs_a_contract if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"counters": {"cn_pi_ytd": 99999}})
	{h.tier | some h in hits; h.effect == "redact"} == {"standard_contract_or_certification"}
}

test_the_millionth_needs_an_assessment if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"counters": {"cn_pi_ytd": 999999}, "mechanisms": ["cn_standard_contract"]})
	{h.tier | some h in hits; h.effect == "redact"} == {"security_assessment"}
}

test_a_contract_carries_the_middle_band if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"counters": {"cn_pi_ytd": 99999}, "mechanisms": ["cn_standard_contract"]})
	hits[_].mechanism == "cn_standard_contract"
}

test_one_sensitive_person_needs_a_contract if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"subjects": {"spi": 1}, "new_subjects": {"spi": 1}}})
	hits[_].effect == "redact"
}

test_a_child_is_sensitive if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"ages": [13]}})
	hits[_].effect == "redact"
}

test_fourteen_is_no_child if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"ages": [14]}})
	hits[_].tier == "exempt"
}

test_important_data_stays if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"important": true}, "mechanisms": ["cn_standard_contract"]})
	hits[_].route == ["CN"]
}

test_the_purpose_does_not_free_important_data if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"important": true}, "caller": {"purpose": "hr_management_necessary"}})
	hits[_].route == ["CN"]
}

test_a_ciio_needs_an_assessment if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"organisation": {"ciio": true}})
	{h.tier | some h in hits; h.effect == "redact"} == {"security_assessment"}
}

test_the_exemptions_prevail_over_ciio if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"organisation": {"ciio": true}, "caller": {"purpose": "contract_with_individual_necessary"}})
	hits[_].tier == "exempt"
}

test_staff_data_of_customers_is_not_hr if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"role": "customer"}, "counters": {"cn_pi_ytd": 300000}, "caller": {"purpose": "hr_management_necessary"}})
	hits[_].effect == "redact"
}

test_transit_is_exempt if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"foreign_origin": true}, "counters": {"cn_pi_ytd": 2000000}})
	hits[_].citation == "CBDF 2024 art 4"
}

test_a_date_without_a_volume_test_is_refused if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"now": "2024-01-01T00:00:00Z"})
	hits[_].effect == "redact"
}

test_the_bay_area_contract_serves_hong_kong_only if {
	hits := export.hits with input as sample.personal("CN", "SG", 1, {"counters": {"cn_pi_ytd": 99999}, "mechanisms": ["cn_gba_standard_contract"]})
	hits[_].effect == "redact"
}

test_the_bay_area_contract_serves_macau if {
	hits := export.hits with input as sample.personal("CN", "MO", 1, {"counters": {"cn_pi_ytd": 99999}, "mechanisms": ["cn_gba_standard_contract"]})
	hits[_].mechanism == "cn_gba_standard_contract"
}

test_german_callers_are_not_meant if {
	hits := export.hits with input as sample.personal("DE", "US", 1, {})
	count(hits) == 0
}
