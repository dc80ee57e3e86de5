"""Profiles: which marks an output of each kind gets, by place, audience, day and decision."""

from __future__ import annotations

from datetime import date

import pytest

from watermark.errors import NotWaivable, UnknownProfile
from watermark.profile import KINDS, MARKS, forms, kind_of, marking_for, named, notices, profiles

DAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("country", "kind", "notice", "invisible", "aigc", "c2pa"),
    [
        ("CN", "image", "【人工智能生成】", True, True, True),
        ("CN", "audio", "【人工智能生成】", True, True, True),
        ("CN", "video", "【人工智能生成】", False, True, True),
        ("CN", "document", "【人工智能生成】", False, True, True),
        ("CN", "text", "【人工智能生成】", False, False, False),
        ("DE", "image", "[KI-generiert]", True, False, True),
        ("FR", "text", "[Généré par IA]", False, False, True),
        ("IE", "video", "[AI-generated]", False, False, True),
        ("KR", "image", "[AI 생성]", True, False, True),
        ("IN", "audio", "[AI-generated]", True, False, True),
        ("US-CA", "image", "[AI-generated]", True, False, True),
        ("US-NY", "text", "[AI-generated]", False, False, False),
        ("BR", "document", "[Gerado por IA]", False, False, True),
    ],
)
def test_the_marks_of_a_public_output(
    country: str, kind: str, notice: str, invisible: bool, aigc: bool, c2pa: bool
) -> None:
    marking = marking_for(kind, country, "public", DAY)
    assert (marking.notice, marking.invisible, marking.aigc, marking.c2pa) == (notice, invisible, aigc, c2pa)


def test_inside_an_organisation_nothing_is_asked_but_what_the_decision_adds() -> None:
    for kind in KINDS:
        assert not marking_for(kind, "CN", "internal", DAY).asks
    marking = marking_for("image", "CN", "internal", DAY, added=("explicit", "c2pa"))
    assert (marking.notice, marking.invisible, marking.aigc, marking.c2pa) == ("【人工智能生成】", False, False, True)
    assert marking.unsupported == "block"


@pytest.mark.parametrize("country", ["CN", "DE", "KR", "IN", "US-CA", "GB", "BR"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("audience", ["public", "internal"])
def test_a_decision_only_adds(country: str, kind: str, audience: str) -> None:
    def carried(marking: object) -> set[str]:
        found = {name for name in ("invisible", "aigc", "c2pa") if getattr(marking, name)}
        return found | ({"explicit"} if marking.notice else set())

    base = carried(marking_for(kind, country, audience, DAY))
    for label in (*MARKS, "fingerprint", "nonsense"):
        assert base <= carried(marking_for(kind, country, audience, DAY, added=(label,)))


def test_before_a_law_is_in_force_the_default_holds() -> None:
    assert marking_for("image", "CN", "public", date(2025, 8, 31)).profile == "default"
    assert marking_for("image", "CN", "public", date(2025, 9, 1)).profile == "cn"
    assert marking_for("image", "DE", "public", date(2026, 8, 1)).profile == "default"
    assert marking_for("image", "DE", "public", date(2026, 8, 2)).profile == "eu"


def test_a_profile_can_be_chosen_by_name() -> None:
    assert marking_for("image", "BR", "public", DAY, "cn").aigc
    assert not marking_for("image", "CN", "public", DAY, "none").asks
    with pytest.raises(UnknownProfile, match="known: cn"):
        marking_for("image", "CN", "public", DAY, "atlantis")


def test_what_may_be_left_out_on_request_and_what_that_obliges_to_keep() -> None:
    waived = marking_for("image", "CN", "public", DAY, waived=True)
    assert (waived.notice, waived.keep_months) == ("", 6)
    assert waived.invisible
    assert waived.aigc
    assert waived.c2pa  # implicit marks stay
    assert marking_for("image", "US-CA", "public", DAY, waived=True).keep_months == 0
    assert marking_for("image", "CN", "public", DAY).keep_months == 0
    for country in ("IN", "KR"):
        with pytest.raises(NotWaivable):
            marking_for("image", country, "public", DAY, waived=True)
    with pytest.raises(NotWaivable):  # the decision's label is not the user's to waive
        marking_for("image", "CN", "public", DAY, added=("explicit",), waived=True)


def test_the_language_of_a_notice_is_the_content_s_the_country_s_or_english() -> None:
    assert marking_for("image", "CN", "public", DAY, language="ja").notice == "【AI生成】"
    assert marking_for("image", "CN", "public", DAY, language="sw").notice == "[AI-generated]"
    assert marking_for("image", "CH", "public", DAY).language == "en"


def test_what_the_law_asks_is_blocked_where_a_file_cannot_carry_it_and_what_we_chose_is_recorded() -> None:
    assert marking_for("image", "CN", "public", DAY).unsupported == "block"
    assert marking_for("image", "BR", "public", DAY).unsupported == "record"
    assert marking_for("image", "BR", "public", DAY, added=("c2pa",)).unsupported == "block"


def test_every_row_says_where_how_large_and_how_sure() -> None:
    known = {"secondary", "single", "choice"}
    for row in profiles():
        assert row.certainty in known
        assert row.waiver.certainty in known
        assert row.source or row.certainty == "choice"
        for kind in KINDS:
            rule = row.kinds[kind]
            assert rule.certainty in known
            assert (rule.duty == "law") <= bool(row.source)
            assert set(rule.implicit) <= {"invisible", "aigc", "c2pa"}
            assert (rule.duty == "choice") == (rule.certainty == "choice"), (row.name, kind)
    assert set(forms()) == set(KINDS)
    assert {"en", "zh"} <= set(notices())
    assert not named("none").explicit_text


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/png", "image"),
        ("audio/mpeg", "audio"),
        ("video/mp4", "video"),
        ("text/markdown", "text"),
        ("application/pdf", "document"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "document"),
        ("application/zip", None),
        ("", None),
    ],
)
def test_the_kind_of_a_file(media_type: str, kind: str | None) -> None:
    assert kind_of(media_type) == kind
