package lexgate.tests.vn.dossier

import data.lexgate.packs.vn.dossier
import data.lexgate.sample

test_day_sixty_is_in_time if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {"counters": {"days_since_first_transfer": 60}})
	hits[_].effect == "log"
	count(hits) == 1
}

test_day_sixty_one_is_late if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {"counters": {"days_since_first_transfer": 61}})
	hits[_].route == ["VN"]
	count(hits) == 1
}

test_an_unknown_day_is_late if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {})
	hits[_].route == ["VN"]
	count(hits) == 1
}

test_a_filed_dossier_is_enough if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {"mechanisms": ["vn_transfer_dossier"]})
	hits[_].mechanism == "vn_transfer_dossier"
	count(hits) == 1
}

test_employees_are_exempt if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {"data": {"role": "employee"}})
	hits[_].effect == "log"
	count(hits) == 1
}

test_before_the_law_nothing if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {"now": "2025-12-31T23:59:00Z"})
	count(hits) == 0
}

test_others_are_not_meant if {
	hits := dossier.hits with input as sample.personal("TH", "SG", 1, {"mechanisms": ["vn_transfer_dossier"]})
	count(hits) == 0
}

test_at_home_nothing if {
	hits := dossier.hits with input as sample.personal("VN", "VN", 1, {})
	count(hits) == 0
}

test_nobody_named if {
	hits := dossier.hits with input as sample.call({"caller": {"country": "VN"}})
	count(hits) == 0
}

test_others_at_home_with_days if {
	hits := dossier.hits with input as sample.personal("TH", "SG", 1, {"counters": {"days_since_first_transfer": 3}, "data": {"role": "employee"}})
	count(hits) == 0
}

test_filed_in_time_by_employees_is_one_hit if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {"mechanisms": ["vn_transfer_dossier"], "data": {"role": "employee"}, "counters": {"days_since_first_transfer": 3}})
	hits[_].mechanism == "vn_transfer_dossier"
	count(hits) == 1
}

test_employees_in_time_are_one_hit if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {"data": {"role": "employee"}, "counters": {"days_since_first_transfer": 3}})
	hits[_].citation == "PDPL 91/2025 art 20 (employees' data on cloud)"
	count(hits) == 1
}

test_filed_late_is_one_hit if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {"mechanisms": ["vn_transfer_dossier"], "counters": {"days_since_first_transfer": 99}})
	hits[_].effect == "log"
	count(hits) == 1
}
