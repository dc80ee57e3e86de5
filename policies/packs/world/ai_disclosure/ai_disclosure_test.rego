package lexgate.tests.world.ai_disclosure

import data.lexgate.packs.world.ai_disclosure
import data.lexgate.sample

test_the_public_in_europe_is_told if {
	hits := ai_disclosure.hits with input as sample.call({"caller": {"country": "NL", "audience": "public"}, "now": "2026-08-02T00:00:00Z"})
	hits[_].labels == ["explicit"]
	count(hits) == 1
}

test_not_before_the_act_applies if {
	hits := ai_disclosure.hits with input as sample.call({"caller": {"country": "NL", "audience": "public"}, "now": "2026-08-01T23:59:00Z"})
	count(hits) == 0
}

test_the_public_in_china_is_told if {
	hits := ai_disclosure.hits with input as sample.call({"caller": {"country": "CN", "audience": "public"}, "now": "2025-09-01T00:00:00Z"})
	hits[_].labels == ["explicit"]
	count(hits) == 1
}

test_the_public_in_korea_is_told if {
	hits := ai_disclosure.hits with input as sample.call({"caller": {"country": "KR", "audience": "public"}, "now": "2026-01-22T00:00:00Z"})
	hits[_].labels == ["explicit"]
	count(hits) == 1
}

test_colleagues_know if {
	hits := ai_disclosure.hits with input as sample.call({"caller": {"country": "NL"}})
	count(hits) == 0
}
