package lexgate.tests.internal.provider_tools

import data.lexgate.packs.internal.provider_tools
import data.lexgate.sample

test_search_abroad_with_a_name_is_refused if {
	hits := provider_tools.hits with input as sample.personal("DE", "US", 1, {"request": {"provider_tools": ["web_search"]}})
	hits[_].effect == "block"
	count(hits) == 1
}

test_search_abroad_without_a_name_is_fine if {
	hits := provider_tools.hits with input as sample.call({"destination": {"country": "US"}, "request": {"provider_tools": ["web_search"]}})
	count(hits) == 0
}

test_search_at_home_with_a_name_is_fine if {
	hits := provider_tools.hits with input as sample.personal("DE", "DE", 1, {"request": {"provider_tools": ["web_search"]}})
	count(hits) == 0
}

test_a_name_without_tools if {
	hits := provider_tools.hits with input as sample.personal("DE", "US", 1, {})
	count(hits) == 0
}
