package lexgate.tests.ru.citizens

import data.lexgate.packs.ru.citizens
import data.lexgate.sample

test_a_foreign_store_is_no_place_for_them if {
	hits := citizens.hits with input as sample.personal("RU", "NL", 1, {})
	hits[_].route == ["RU"]
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
}

test_at_home_nothing if {
	hits := citizens.hits with input as sample.personal("RU", "RU", 1, {})
	count(hits) == 0
}
