"""A picture that a text says in pieces is noticed wherever it is cut, before much of it has gone on."""

from __future__ import annotations

import base64
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.marking.pieces import Pieces
from gateway.protocols.made_media import LINE, SMALLEST, made_in

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


PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + random.Random(7).randbytes(1500)).decode()
WRITTEN = {
    "bare": PICTURE,
    "after blanks": f"\n  {PICTURE}",
    "in lines": "\n".join(PICTURE[at : at + 76] for at in range(0, len(PICTURE), 76)),
    "with words behind it": f"{PICTURE} is what it looks like",
    "a data URL after a blank": f"See data:image/png;base64, {PICTURE}",
    "a data URL in rows with blanks": "![](data:image/png;base64,"
    + "  ".join(PICTURE[at : at + 56] for at in range(0, len(PICTURE), 56))
    + ")",
}


@pytest.mark.parametrize("name", WRITTEN)
@given(st.data())
def test_however_it_is_written_and_wherever_it_is_cut(name: str, data: st.DataObject) -> None:
    """A picture that is marked where it comes whole ends a stream where it comes in pieces."""
    text = WRITTEN[name]
    (whole,) = made_in({"choices": [{"message": {"content": text}}]})
    assert whole.form == "base64"
    assert "".join(whole.text.split()) == PICTURE
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=30))
    places = sorted({0, len(text), *cuts})
    pieces = [text[start:end] for start, end in itertools.pairwise(places)]
    after = ended_after(pieces)
    assert after is not None
    before = "".join("".join(pieces[: after - 1]).partition("base64,")[2 if "data:" in text else 0].split())
    assert len(before) < SMALLEST + LINE
    assert ended_after(list(text)) is not None


def test_a_file_that_begins_a_text_and_was_marked_goes_on() -> None:
    for text, said in ((PICTURE, PICTURE), (f"\n {PICTURE}", f"\n {PICTURE}"), (f"{PICTURE} it is", PICTURE)):
        assert ended_after([text, " and words"], {0: [said]}) is None


@pytest.mark.parametrize(
    "pieces",
    [
        ["Write `data:image/png;", "base64,...` and ", "so on. " * 200],
        ["a dot: data:image/gif;base64,R0lGODlhAQABAIAA", "AAAAAP///yH5BAEAAAAA", " and words " * 100],
        [CODE[:700], " is the key, base64 of ", CODE],
        [f"data:image/gif;base64,{CODE[:300]} "] * 9,
        ["The file is ", PICTURE[:300], PICTURE[300:], " in Base64"],
        ["iVBORw0KGgo is how it begins ", "and so on " * 90],
        [PICTURE[:400], " and words"],
        ["data:image/gif;base64, R0lGOD", " " + "with words " * 90],
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
