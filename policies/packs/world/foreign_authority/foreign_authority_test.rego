package lexgate.tests.world.foreign_authority

import data.lexgate.packs.world.foreign_authority
import data.lexgate.sample

request := {"caller": {"purpose": "foreign_authority_request"}}

test_a_foreign_order_is_no_ground if {
	hits := foreign_authority.hits with input as sample.personal("DE", "US", 1, request)
	hits[_].route == ["DE"]
	count(hits) == 1
}

test_china_means_all_data if {
	hits := foreign_authority.hits with input as sample.call({
		"caller": {"country": "CN", "purpose": "foreign_authority_request"},
		"destination": {"country": "US"},
	})
	hits[_].citation == "PIPL art 41; DSL art 36"
	count(hits) == 1
}

test_an_approval_is_enough if {
	hits := foreign_authority.hits with input as sample.personal("CN", "US", 1, {
		"caller": {"purpose": "foreign_authority_request"},
		"mechanisms": ["cn_authority_approval"],
	})
	count(hits) == 0
}

test_other_purposes_are_not_meant if {
	hits := foreign_authority.hits with input as sample.personal("DE", "US", 1, {})
	count(hits) == 0
}

test_at_home_it_is_fine if {
	hits := foreign_authority.hits with input as sample.personal("DE", "DE", 1, request)
	count(hits) == 0
}

test_nobody_named_in_europe if {
	hits := foreign_authority.hits with input as sample.call({"caller": {"purpose": "foreign_authority_request"}, "destination": {"country": "US"}})
	count(hits) == 0
}

test_not_before_the_law if {
	hits := foreign_authority.hits with input as sample.personal("CN", "US", 1, {"now": "2021-08-31T00:00:00Z", "caller": {"purpose": "foreign_authority_request"}})
	count(hits) == 0
}
