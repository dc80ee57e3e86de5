package lexgate.tests.internal.grade_border

import data.lexgate.packs.internal.grade_border
import data.lexgate.sample

test_l5_does_not_leave if {
	hits := grade_border.hits with input as sample.call({"destination": {"country": "US"}, "data": {"grade": "L5"}})
	hits[_].effect == "block"
	count(hits) == 1
}

test_l5_stays_at_home_freely if {
	hits := grade_border.hits with input as sample.call({"data": {"grade": "L5"}})
	count(hits) == 0
}

test_l4_personal_is_left_to_redaction if {
	hits := grade_border.hits with input as sample.personal("DE", "US", 1, {"data": {"grade": "L4", "categories": ["personal", "health"]}})
	count(hits) == 0
}

test_l4_by_a_marking_goes_home if {
	hits := grade_border.hits with input as sample.personal("DE", "US", 1, {"data": {"grade": "L4", "categories": ["personal", "marking"]}})
	hits[_].route == ["DE"]
	count(hits) == 1
}

test_l4_with_nothing_to_take_out_goes_home if {
	hits := grade_border.hits with input as sample.call({"destination": {"country": "US"}, "data": {"grade": "L4"}})
	hits[_].route == ["DE"]
	count(hits) == 1
}

test_l4_at_home_is_fine if {
	hits := grade_border.hits with input as sample.call({"data": {"grade": "L4"}})
	count(hits) == 0
}

test_l3_abroad_is_left_to_redaction if {
	hits := grade_border.hits with input as sample.call({"destination": {"country": "US"}, "data": {"grade": "L3"}})
	count(hits) == 0
}
