"""All the ways a text is read: as it stands, as what its code stands for, as it is shown, and without the seams that break values."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.flow import Span
from gateway.inspection.coded import texts_in_code
from gateway.inspection.normalise import Normalised, undisguised
from gateway.inspection.normalised import turned
from gateway.inspection.seams import crossing, joined

OVERRIDE = "\u202e"
"""What follows this sign is shown from right to left."""
_OVERRIDDEN = re.compile(r"\u202e([^\u202c\u202e\n]{4,400})")
DEEPEST = 3
"""How many layers of code are taken off."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a text. `context`: characters at its beginning that another reading has too."""

    normal: Normalised
    context: int = 0
    seams: array[int] | None = None

    @property
    def text(self) -> str:
        return self.normal.text

    @property
    def prose(self) -> bool:
        """Whether names may be looked for in it."""
        return self.seams is None

    def counted(self, spans: list[Span]) -> list[Span]:
        """Of the findings in this reading those that count, where they stand in the original."""
        if self.seams is not None:
            spans = crossing(self.normal, self.seams, spans)
        return [
            Span(*self.normal.original(span.start, span.end), span.label, span.score, span.detector)
            for span in spans
            if span.end > self.context
        ]


def readings(text: str) -> Iterator[Reading]:
    """The text as it stands first, then the others. Linear time; most texts have only the first."""
    return _layers(Normalised(text), 0, 0)


def _layers(text: Normalised, context: int, depth: int) -> Iterator[Reading]:
    normal, may = undisguised(text)
    yield Reading(normal, context)
    if OVERRIDE in text.text:
        yield Reading(undisguised(turned(text, _OVERRIDDEN))[0], context)
    for seamless, places in joined(normal):
        yield Reading(undisguised(seamless)[0], 0, places)
    if depth < DEEPEST:
        for inner, before in texts_in_code(normal, may):
            yield from _layers(inner, before, depth + 1)
