"""What a call's outputs must carry: by country and audience, more by decision, less only where the profile allows."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.errors import BadRequest
from gateway.marking.demand import Demand, _demand

DAY = date(2026, 11, 26)


def demand(
    country: str, audience: str = "public", *added: str, waived: bool = False, unsupported: str = "profile"
) -> Demand:
    return _demand(country, audience, DAY, "auto", frozenset(added), unsupported, waived)  # type: ignore[arg-type]


def test_a_chinese_picture_carries_all_four_marks_with_a_chinese_notice() -> None:
    marking = demand("CN").marking_of("image/png")
    assert (marking.profile, marking.language) == ("cn", "zh")
    assert marking.notice
    assert (marking.invisible, marking.aigc, marking.c2pa) == (True, True, True)


def test_our_own_people_get_what_a_decision_adds_and_no_more() -> None:
    assert not demand("DE", "internal").asks
    added = demand("DE", "internal", "c2pa")
    assert added.asks
    assert added.marking("image").c2pa
    assert not added.marking("image").notice
    assert demand("DE", "internal", "explicit").marking("image").notice


def test_what_the_operator_says_of_types_that_cannot_be_marked_holds_for_every_kind() -> None:
    assert demand("CN").marking("image").unsupported == "block"
    assert demand("CN", unsupported="sidecar").marking("video").unsupported == "sidecar"


def test_a_label_is_left_out_where_the_profile_allows_it_and_no_decision_asks_for_it() -> None:
    waived = demand("CN", waived=True)
    assert waived.asks
    marking = waived.marking("image")
    assert (marking.notice, marking.aigc, marking.keep_months) == ("", True, 6)
    for refused in (("KR", "public"), ("CN", "public", "explicit")):
        with pytest.raises(BadRequest):
            demand(*refused, waived=True)


def test_a_type_that_no_profile_speaks_of_is_a_document() -> None:
    assert demand("DE").marking_of("application/zip") == demand("DE").marking("document")


def test_bytes_of_no_known_type_owe_what_the_strictest_kind_owes() -> None:
    """California's law speaks of pictures and not of documents: a picture that we do not know is no document."""
    california = _demand("US", "public", DAY, "us-ca", frozenset(), "profile", waived=False)
    assert california.marking("document").unsupported == "record"
    for declared in ("", "application/octet-stream", "text/plain", "application/pdf"):
        assert california.marking_of(declared, known=False).unsupported == "block"
    assert california.marking_of("audio/pcm", known=False) == california.marking("audio")
    assert california.marking_of("text/csv") == california.marking("text")
    assert demand("JP").marking_of("", known=False) == demand("JP").marking("document")
