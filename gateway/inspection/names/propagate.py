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
    starts = [span.start for span in spans]
    copies = [
        (-len(name), start, score)
        for name, score in names.items()
        for start in _places(text, name)
        if not _touches(spans, starts, start, start + len(name))
    ]
    return _merged(spans, starts, copies) if copies else list(spans)


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


def _touches(spans: Sequence[Span], starts: Sequence[int], start: int, end: int) -> bool:
    """Whether a span lies over start to end. `starts`: where the spans start, in order."""
    place = bisect_left(starts, start)
    return (place > 0 and spans[place - 1].end > start) or (place < len(spans) and starts[place] < end)


def _merged(found: Sequence[Span], starts: Sequence[int], copies: Sequence[tuple[int, int, float]]) -> list[Span]:
    """Every found span, and of the copies (how long, negative; start; score) those that touch none before them, longer
    copies first.
    """
    merged, taken = list(found), list(starts)
    for length, start, score in sorted(copies, key=lambda copy: copy[:2]):
        end = start - length
        if not _touches(merged, taken, start, end):
            place = bisect_left(taken, start)
            merged.insert(place, Span(start, end, "PERSON", round(score * _LESS_SURE, 3), found[0].detector))
            taken.insert(place, start)
    return merged
