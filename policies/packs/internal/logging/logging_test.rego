package lexgate.tests.internal.logging

import data.lexgate.packs.internal.logging
import data.lexgate.sample

test_public_content_at_home_is_quiet if {
	hits := logging.hits with input as sample.call({})
	count(hits) == 0
}

test_internal_content_is_logged_in_full if {
	hits := logging.hits with input as sample.call({"data": {"grade": "L2"}})
	hits[_].log == "full"
	count(hits) == 1
}

test_a_person_abroad_is_logged_whatever_the_grade if {
	hits := logging.hits with input as sample.personal("DE", "US", 1, {"data": {"grade": "L1"}})
	hits[_].log == "full"
	count(hits) == 1
}

test_a_person_at_home_is_not if {
	hits := logging.hits with input as sample.personal("DE", "DE", 1, {"data": {"grade": "L1"}})
	count(hits) == 0
}

test_public_content_abroad_is_quiet if {
	hits := logging.hits with input as sample.call({"destination": {"country": "US"}})
	count(hits) == 0
}
