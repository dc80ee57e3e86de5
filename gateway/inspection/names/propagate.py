"""Found once, found everywhere: a name that the model is sure of is found wherever else it stands in the same text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from gateway.flow import Span

_MOST_NAMES = 64  # of one text: bounds the work on a text that is nothing but names
_SURE = 0.7  # a name below this is not carried further
_CERTAIN = 0.93  # a part of a name, or a short one, below this is not
_LONG_WORD = 4
_LESS_SURE = 0.95  # factor on the score of a copy
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


def propagate(text: str, spans: Sequence[Span]) -> list[Span]:
    """`spans` with the other occurrences of their persons' names, in order of position, never overlapping.

    Whole names travel: Latin ones of two words or more between word boundaries, Chinese ones of three characters or
    more. Words of a Latin name and shorter names travel too where the model is all but certain of them: an ordinary
    word ("Will", 高兴) seldom is.
    """
    names: dict[str, float] = {}
    for span in spans:
        if span.label == "PERSON" and span.score >= _SURE and len(names) < _MOST_NAMES:
            for value in _travelling(text[span.start : span.end], span.score):
                names[value] = max(span.score, names.get(value, 0.0))
    copies = [
        Span(start, start + len(name), "PERSON", round(score * _LESS_SURE, 3), spans[0].detector)
        for name, score in names.items()
        for start in _places(text, name)
    ]
    return _merged(spans, copies) if copies else list(spans)


def _travelling(value: str, score: float) -> Iterator[str]:
    """The forms of a name that are looked for elsewhere."""
    certain = score >= _CERTAIN
    if "\n" in value:
        return
    if _HAN.search(value):
        if len(value) >= 3 or (certain and len(value) == 2):
            yield value
        return
    words = value.split()
    if len(words) >= 2 or (certain and len(value) >= _LONG_WORD):
        yield value
    if certain and 2 <= len(words) <= 4:
        yield from (word for word in words if len(word) >= _LONG_WORD and word.istitle() and word.isalpha())


def _places(text: str, name: str) -> Iterator[int]:
    """Where `name` stands in `text`; a Latin one only as whole words."""
    whole_words = not _HAN.search(name)
    place = text.find(name)
    while place >= 0:
        end = place + len(name)
        inside = (place > 0 and text[place - 1].isalnum()) or (end < len(text) and text[end].isalnum())
        if not (whole_words and inside):
            yield place
        place = text.find(name, end)


def _merged(found: Sequence[Span], copies: Sequence[Span]) -> list[Span]:
    """Every found span, and of the copies those that touch no span before them, longer copies first."""
    merged = list(found)
    taken = [span.start for span in found]
    for copy in sorted(copies, key=lambda span: (span.start - span.end, span.start)):
        place = bisect_left(taken, copy.start)
        before = place > 0 and merged[place - 1].end > copy.start
        after = place < len(merged) and merged[place].start < copy.end
        if not before and not after:
            merged.insert(place, copy)
            taken.insert(place, copy.start)
    return merged
