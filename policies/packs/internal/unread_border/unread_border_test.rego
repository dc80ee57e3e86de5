package lexgate.tests.internal.unread_border

import data.lexgate.packs.internal.unread_border
import data.lexgate.sample

test_an_image_does_not_cross if {
	hits := unread_border.hits with input as sample.call({"destination": {"country": "US"}, "request": {"uninspected": ["image"]}})
	hits[_].id == "internal.unread_border.parts"
	count(hits) == 1
}

test_a_reference_does_not_cross if {
	hits := unread_border.hits with input as sample.call({"destination": {"country": "US"}, "request": {"references": ["file_id"]}})
	hits[_].id == "internal.unread_border.references"
	count(hits) == 1
}

test_at_home_both_are_fine if {
	hits := unread_border.hits with input as sample.call({"request": {"uninspected": ["image"], "references": ["file_id"]}})
	count(hits) == 0
}

test_nothing_unread_abroad if {
	hits := unread_border.hits with input as sample.call({"destination": {"country": "US"}})
	count(hits) == 0
}

test_both_are_blocked if {
	hits := unread_border.hits with input as sample.call({"destination": {"country": "US"}, "request": {"uninspected": ["image"], "references": ["url"]}})
	[hit.effect | some hit in hits] == ["block", "block"]
}
