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
}
