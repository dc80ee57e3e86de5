package lexgate.tests.vn.dossier

import data.lexgate.packs.vn.dossier
import data.lexgate.sample

test_day_sixty_is_in_time if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {"counters": {"days_since_first_transfer": 60}})
	hits[_].effect == "log"
}

test_day_sixty_one_is_late if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {"counters": {"days_since_first_transfer": 61}})
	hits[_].route == ["VN"]
}

test_an_unknown_day_is_late if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {})
	hits[_].route == ["VN"]
}

test_a_filed_dossier_is_enough if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {"mechanisms": ["vn_transfer_dossier"]})
	hits[_].mechanism == "vn_transfer_dossier"
}

test_employees_are_exempt if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {"data": {"role": "employee"}})
	hits[_].effect == "log"
}

test_before_the_law_nothing if {
	hits := dossier.hits with input as sample.personal("VN", "SG", 1, {"now": "2025-12-31T23:59:00Z"})
	count(hits) == 0
}
