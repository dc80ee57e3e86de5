package lexgate.tests.cn.export

import data.lexgate.packs.cn.export
import data.lexgate.sample

test_at_home_is_domestic if {
	hits := export.hits with input as sample.personal("CN", "CN", 50, {})
	hits[_].tier == "domestic"
	count(hits) == 1
}

test_few_people_are_exempt if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {})
	hits[_].tier == "exempt"
	count(hits) == 1
}

test_no_person_is_exempt if {
	hits := export.hits with input as sample.call({"caller": {"country": "CN"}, "destination": {"country": "US"}})
	hits[_].citation == "CBDF 2024 art 3"
	count(hits) == 1
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
	count(hits) == 1
}

test_one_sensitive_person_needs_a_contract if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"subjects": {"spi": 1}, "new_subjects": {"spi": 1}}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_a_child_is_sensitive if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"ages": [13]}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_fourteen_is_no_child if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"ages": [14]}})
	hits[_].tier == "exempt"
	count(hits) == 1
}

test_important_data_stays if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"important": true}, "mechanisms": ["cn_standard_contract"]})
	hits[_].route == ["CN"]
	count(hits) == 1
}

test_the_purpose_does_not_free_important_data if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"important": true}, "caller": {"purpose": "hr_management_necessary"}})
	hits[_].route == ["CN"]
	count(hits) == 1
}

test_a_ciio_needs_an_assessment if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"organisation": {"ciio": true}})
	{h.tier | some h in hits; h.effect == "redact"} == {"security_assessment"}
}

test_the_exemptions_prevail_over_ciio if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"organisation": {"ciio": true}, "caller": {"purpose": "contract_with_individual_necessary"}})
	hits[_].tier == "exempt"
	count(hits) == 1
}

test_staff_data_of_customers_is_not_hr if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"role": "customer"}, "counters": {"cn_pi_ytd": 300000}, "caller": {"purpose": "hr_management_necessary"}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_transit_is_exempt if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"foreign_origin": true}, "counters": {"cn_pi_ytd": 2000000}})
	hits[_].citation == "CBDF 2024 art 4"
	count(hits) == 1
}

test_a_date_without_a_volume_test_is_refused if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"now": "2024-01-01T00:00:00Z"})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_the_bay_area_contract_serves_hong_kong_only if {
	hits := export.hits with input as sample.personal("CN", "SG", 1, {"counters": {"cn_pi_ytd": 99999}, "mechanisms": ["cn_gba_standard_contract"]})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_the_bay_area_contract_serves_macau if {
	hits := export.hits with input as sample.personal("CN", "MO", 1, {"counters": {"cn_pi_ytd": 99999}, "mechanisms": ["cn_gba_standard_contract"]})
	hits[_].mechanism == "cn_gba_standard_contract"
	count(hits) == 1
}

test_german_callers_are_not_meant if {
	hits := export.hits with input as sample.personal("DE", "US", 1, {})
	count(hits) == 0
}

test_a_child_already_counted_is_not_counted_twice if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"ages": [13], "subjects": {"spi": 1}, "new_subjects": {"spi": 0}}})
	hits[_].tier == "exempt"
	count(hits) == 1
}

test_a_german_call_to_china_is_no_export if {
	hits := export.hits with input as sample.personal("DE", "CN", 1, {})
	count(hits) == 0
}

test_the_bay_area_contract_does_not_carry_the_top_band if {
	hits := export.hits with input as sample.personal("CN", "HK", 1, {"counters": {"cn_pi_ytd": 999999}, "mechanisms": ["cn_gba_standard_contract"]})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_hong_kong_without_any_contract if {
	hits := export.hits with input as sample.personal("CN", "HK", 1, {"counters": {"cn_pi_ytd": 99999}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_an_employee_is_hr if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"role": "employee"}, "counters": {"cn_pi_ytd": 300000}, "caller": {"purpose": "hr_management_necessary"}})
	hits[_].tier == "exempt"
	count(hits) == 1
}

test_an_exempt_export_of_a_person_is_logged_in_full if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {})
	hits[_].log == "full"
	count(hits) == 1
}

test_at_home_it_is_not if {
	hits := export.hits with input as sample.personal("CN", "CN", 1, {})
	hits[_].log == "standard"
	count(hits) == 1
}

test_trade_data_is_not if {
	hits := export.hits with input as sample.call({"caller": {"country": "CN"}, "destination": {"country": "US"}})
	hits[_].log == "standard"
	count(hits) == 1
}

test_a_sensitive_category_counts_as_one if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"categories": ["religion"]}})
	hits[_].effect == "redact"
	count(hits) == 1
}

test_another_category_does_not if {
	hits := export.hits with input as sample.personal("CN", "US", 1, {"data": {"categories": ["personal", "location"]}})
	hits[_].tier == "exempt"
	count(hits) == 1
}
