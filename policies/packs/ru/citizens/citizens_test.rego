package lexgate.tests.ru.citizens

import data.lexgate.packs.ru.citizens
import data.lexgate.sample

test_a_foreign_store_is_no_place_for_them if {
	hits := citizens.hits with input as sample.personal("RU", "NL", 1, {})
	hits[_].route == ["RU"]
	sample.effects(hits, "ru.notification") == {"redact"}
}

test_nothing_kept_still_needs_the_notification if {
	hits := citizens.hits with input as sample.personal("RU", "NL", 1, {"destination": {"retention_days": 0}})
	{h.effect | some h in hits} == {"redact"}
}

test_nothing_kept_and_notified_goes if {
	hits := citizens.hits with input as sample.personal("RU", "NL", 1, {"destination": {"retention_days": 0}, "mechanisms": ["ru_notification"]})
	{h.effect | some h in hits} == {"log"}
}

test_citizens_are_meant_wherever_the_call_starts if {
	hits := citizens.hits with input as sample.personal("DE", "NL", 1, {"data": {"citizens": ["RU"]}})
	hits[_].id == "ru.localisation"
	count(hits) == 1
}

test_at_home_nothing if {
	hits := citizens.hits with input as sample.personal("RU", "RU", 1, {})
	count(hits) == 0
}

test_others_are_not_meant if {
	hits := citizens.hits with input as sample.personal("DE", "NL", 1, {})
	count(hits) == 0
}

test_nobody_named if {
	hits := citizens.hits with input as sample.call({"caller": {"country": "RU"}})
	count(hits) == 0
}

test_before_the_localisation_law_only_the_notification if {
	hits := citizens.hits with input as sample.personal("RU", "NL", 1, {"now": "2025-06-30T00:00:00Z"})
	hits[_].id == "ru.notification"
	count(hits) == 1
}

test_what_is_not_collected if {
	hits := citizens.hits with input as sample.personal("RU", "NL", 1, {"data": {"collecting": false}, "mechanisms": ["ru_notification"]})
	hits[_].effect == "log"
	count(hits) == 1
}

test_before_both if {
	hits := citizens.hits with input as sample.personal("RU", "NL", 1, {"now": "2023-02-01T00:00:00Z"})
	count(hits) == 0
}

test_a_notification_at_home_says_nothing if {
	hits := citizens.hits with input as sample.personal("RU", "RU", 1, {"mechanisms": ["ru_notification"]})
	count(hits) == 0
}
