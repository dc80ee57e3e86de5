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


def test_one_region_and_the_mark_in_its_pixels_agree() -> None:
    assert judge(CARRIED, {"f"}, [REGION], {"f"}, {"f"}).word == "confirmed"


@pytest.mark.parametrize(("share", "word"), [(1000, "confirmed"), (250, "confirmed"), (249, "claimed")])
def test_with_a_name_the_most_of_it_must_agree(share: int, word: str) -> None:
    assert judge(CARRIED, {"f"}, [Match("f", 0, ("fingerprint",), share)], {"f"}).word == word


def test_without_a_name_a_little_is_a_part() -> None:
    assert judge(Carried("image/png", ()), (), [REGION]).word == "partly"
