"""Long work in steps: a generator that pauses after each bounded piece of work and returns the result.

Inspectors run the steps of many calls in turn, so that a large text never keeps small ones waiting.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol, TypeVar

from gateway.flow import Span

T = TypeVar("T")
Steps = Generator[None, None, T]

PIECE = 16_384
"""Code points of a model's step, at most."""
_LOOK_BACK = 1_024


class Detector(Protocol):
    """Anything else that finds spans in whole texts: the names tagger, an adapted Presidio recogniser."""

    def tag(self, texts: Sequence[str]) -> list[list[Span]]:
        """One list of spans per text, offsets in its code points. Cuts long texts into windows itself."""
        ...


def finished(steps: Steps[T]) -> T:
    """The result, without a pause."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def tag_in_steps(detector: Detector, texts: Sequence[str]) -> Steps[list[list[Span]]]:
    """What the names tagger finds: short texts in batches, a long one piece by piece, its names carried through the whole."""
    results: list[list[Span]] = [[] for _ in texts]
    batch: list[int] = []
    size = 0
    for index, text in enumerate(texts):
        if len(text) > PIECE:
            results[index] = yield from _long(detector, text)
            continue
        if batch and size + len(text) > PIECE:
            _tag(detector, texts, batch, results)
            batch, size = [], 0
            yield
        batch.append(index)
        size += len(text)
    if batch:
        _tag(detector, texts, batch, results)
    return results


def _tag(detector: Detector, texts: Sequence[str], batch: Sequence[int], results: list[list[Span]]) -> None:
    for index, spans in zip(batch, detector.tag([texts[index] for index in batch]), strict=True):
        results[index] = spans


def _long(detector: Detector, text: str) -> Steps[list[Span]]:
    from gateway.inspection.names.propagate import propagate  # it comes with libraries that patterns do without

    found: list[Span] = []
    begin = 0
    while begin < len(text):
        end = _cut(text, begin + PIECE)
        found += [
            Span(span.start + begin, span.end + begin, span.label, span.score, span.detector)
            for span in detector.tag([text[begin:end]])[0]
        ]
        begin = end
        yield
    return propagate(text, found) if found else found


def _cut(text: str, limit: int) -> int:
    """Where to cut, at most at `limit`: after the last line break, else after the last space, else right there."""
    if limit >= len(text):
        return len(text)
    for mark in ("\n", " ", "。", ","):
        place = text.rfind(mark, limit - _LOOK_BACK, limit)
        if place >= 0:
            return place + 1
    return limit
