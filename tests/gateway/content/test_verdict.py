"""The word for evidence and record: a little of the content and a mark that anybody can write do not confirm it."""

from __future__ import annotations

import pytest

from gateway.content.verdict import Match, judge
from watermark.evidence import Carried, Evidence

REGION = Match("f", 0, ("prints",), 100)
CARRIED = Carried("image/png", (Evidence("aigc", "present", names=("f-0",)),))


def test_one_region_and_metadata_that_names_its_call_are_a_claim() -> None:
    verdict = judge(CARRIED, {"f"}, [REGION], {"f"})
    assert (verdict.word, verdict.flow, verdict.contradicted) == ("claimed", "f", ())


@pytest.mark.parametrize(("share", "word"), [(1000, "confirmed"), (250, "confirmed"), (249, "claimed")])
def test_with_a_name_the_most_of_it_must_agree(share: int, word: str) -> None:
    assert judge(CARRIED, {"f"}, [Match("f", 0, ("fingerprint",), share)], {"f"}).word == word


@pytest.mark.parametrize(("share", "word", "unnamed"), [(650, "confirmed", "confirmed"), (649, "claimed", "partly")])
def test_of_a_picture_or_sound_more_than_half_of_it_must_agree_whatever_mark_is_in_it(share, word, unnamed) -> None:
    part = Match("f", 0, ("prints",), share)
    verdict = judge(CARRIED, {"f"}, [part], {"f"})
    assert (verdict.word, verdict.flow, verdict.contradicted, verdict.share) == (word, "f", (), share)
    assert judge(Carried("image/png", ()), (), [part]).word == unnamed


def test_without_a_name_a_little_is_a_part() -> None:
    assert judge(Carried("image/png", ()), (), [REGION]).word == "partly"
