"""A picture that a text says in pieces is noticed wherever it is cut, before much of it has gone on."""

from __future__ import annotations

import base64
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.marking.pieces import Pieces
from gateway.protocols.made_media import SMALLEST

CODE = base64.b64encode(random.Random(7).randbytes(1500)).decode()
URL = f"data:image/png;base64,{CODE}"


def ended_after(pieces: list[str], marked: dict[int, list[str]] | None = None, together: int = 1) -> int | None:
    """How many pieces of a text had come when it was noticed; None where it never was."""
    looked, come = Pieces(), list[str]()
    for number in range(0, len(pieces), together):
        come += pieces[number : number + together]
        if looked.found([("text", come)], (marked or {}).get(number, [])):
            return len(come)
    return None


@given(st.lists(st.integers(0, len(URL) + 20), max_size=30), st.integers(1, 4))
def test_wherever_it_is_cut(cuts: list[int], together: int) -> None:
    text = f"See: ![]({URL}) there."
    places = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    pieces = [text[start:end] for start, end in itertools.pairwise(places)]
    after = ended_after(pieces, together=together)
    assert after is not None
    before = "".join(pieces[: (after - 1) // together * together])
    assert len(before.partition("base64,")[2]) < SMALLEST


@pytest.mark.parametrize(
    "pieces",
    [
        ["Write `data:image/png;", "base64,...` and ", "so on. " * 200],
        ["a dot: data:image/gif;base64,R0lGODlhAQABAIAA", "AAAAAP///yH5BAEAAAAA", " and words " * 100],
        [CODE[:700], " is the key, base64 of ", CODE],
        [f"data:image/gif;base64,{CODE[:300]} "] * 9,
    ],
)
def test_words_are_none(pieces: list[str]) -> None:
    assert ended_after(pieces) is None
    assert ended_after(list("".join(pieces))) is None


def test_what_was_marked_where_it_stood_goes_on() -> None:
    assert ended_after(["See ", URL, "Here it is"], {1: [CODE]}) is None
    assert ended_after(["See ", f"{URL} and {URL}", "."], {1: [CODE, CODE]}) is None
    assert ended_after(["See ", URL[:1000], URL[1000:]], {1: [URL[22:1000]]}) == 3
    assert ended_after(["See ", URL]) == 2
