"""The guard `names`: an answer goes on sentence by sentence, each after an inspector has read it.

Where a text is cut depends on the text alone: after a sentence, or, where 400 characters end none, at a word boundary
that leaves room for a name to be seen whole. A *window* is such a segment with the one before it and, where it was cut
inside a sentence, with what follows. Inspection itself happens elsewhere: `wanted` says what to read, `learn` takes
what was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.flow import Span
from gateway.redaction.escaped import MAX_DEPTH, decoded

LIMIT = 400
"""Characters held at most for the end of a sentence."""

MARGIN = 96
"""Characters of a cut sentence that are read with its beginning and again with its rest: no name is longer."""

_END = re.compile(r"[。！？；\n]|[.!?…][\"'”’»)\]]{0,4}\s")
_ABBREVIATED = re.compile(r"(?:^|\W)(?:[^\W\d_]|[A-Z][a-z]{1,3}|\d{1,4})\Z")
"""What stands before a dot that ends no sentence: `z.B.`, `Prof.`, `3.`; at worst two sentences go as one."""
_LOOK_BACK = 8
_PLACEHOLDER = re.compile(
    r"(?:⟦|\\{1,16}u27[eE]6)(?:[A-Z][A-Z0-9_]{0,80}(?:_[0-9a-f]{16})?(?:⟧|\\{1,16}u27[eE]7)|[A-Z][A-Z0-9_a-f]{0,80}\Z)"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LETTER = re.compile(r"[^\W_]")


class Uninspected(Exception):
    """Text would go on that nobody has read."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where in a segment the answer ends, and the label of what begins there or reaches into it."""

    at: int
    label: str


@dataclass(frozen=True, slots=True)
class Window:
    """A segment: the first `size` characters of `text`. `context` stood before it. `json`: of a JSON document."""

    context: str = field(repr=False)
    text: str = field(repr=False)
    size: int
    json: bool = False

    def readings(self) -> list[tuple[str, Sequence[int]]]:
        """The texts to inspect, each with the raw position of each of its characters; none if nothing can be named."""
        text = self.context + self.text
        if not _LETTER.search(_inert(text), len(self.context)):
            return []
        readings: list[tuple[str, Sequence[int]]] = [(_inert(text), range(len(text) + 1))]
        starts = list(range(len(text) + 1)) if self.json and "\\" in text else []
        for _ in range(MAX_DEPTH if starts else 0):
            if "\\" not in text:
                break
            text, starts = decoded(text, starts)
            readings.append((_inert(text), starts))
        return readings


class NamesGuard:
    """What is known of one answer's texts. `allowed(label, value)`: what the answer may say."""

    def __init__(self, allowed: Callable[[str, str], bool]) -> None:
        self._allowed = allowed
        self._known: dict[str, tuple[Span, ...]] = {}
        self._wanted: dict[str, None] = {}
        self._asked: list[str] = []
        self.stopped = False  # the answer has ended: what other texts still hold is dropped

    def ask(self, window: Window) -> None:
        """This window will be judged."""
        for text, _ in window.readings():
            if text not in self._known:
                self._wanted[text] = None
                self._asked.append(text)

    def asked(self) -> tuple[str, ...]:
        """What was asked since the last time and not known then."""
        asked, self._asked = tuple(self._asked), []
        return asked

    def wanted(self) -> list[str]:
        """All texts somebody must inspect, oldest first."""
        return list(self._wanted)

    def learn(self, text: str, spans: Sequence[Span]) -> None:
        """What an inspector found in one of the wanted texts."""
        self._known[text] = tuple(spans)
        self._wanted.pop(text, None)

    def knows(self, texts: Sequence[str]) -> bool:
        """Whether all of them are inspected."""
        return all(text in self._known for text in texts)

    def judge(self, window: Window) -> Stop | None:
        """The first thing in the segment that may not go on. Raises Uninspected."""
        before = len(window.context)
        stops: list[tuple[int, str]] = []
        for text, starts in window.readings():
            spans = self._known.get(text)
            if spans is None:
                raise Uninspected
            for span in spans:
                start, end = starts[span.start] - before, starts[span.end] - before
                if end > 0 and start < window.size and not self._may_go_on(text, span):
                    stops.append((max(0, start), span.label))
        return Stop(*min(stops)) if stops else None

    def _may_go_on(self, text: str, span: Span) -> bool:
        value = text[span.start : span.end]
        if not value.strip() or self._allowed(span.label, value):
            return True
        # Of `\nAnna` in a reading that is still escaped, `nAnna` may be found.
        return text[: span.start].endswith("\\") and self._allowed(span.label, value[1:])


class NamesGate:
    """One text on its way through the guard. `scout`: only asks, and holds nothing back but what is not a segment yet."""

    __slots__ = ("_context", "_held", "_json", "_names", "_scout", "stopped")

    def __init__(self, names: NamesGuard, *, json: bool, scout: bool) -> None:
        self._names = names
        self._json = json
        self._scout = scout
        self._held = ""
        self._context = ""
        self.stopped: str | None = None

    @property
    def pending(self) -> bool:
        return bool(self._held)

    def push(self, text: str) -> str:
        """What may go on. When `stopped` is set, it is the last."""
        return self._pass(text, last=False)

    def finish(self) -> str:
        """The rest, once no more text comes."""
        if self._names.stopped:
            self._held = ""
            return ""
        return self._pass("", last=True)

    def end_answer(self) -> None:
        """The answer ends here, and with it all its texts."""
        self._names.stopped = True

    def _pass(self, text: str, *, last: bool) -> str:
        held = self._held + text if self._held else text
        out: list[str] = []
        at = 0
        while cut := segment(held[at : at + LIMIT], last=last):
            size, seen = cut
            window = Window(self._context, held[at : at + seen], size, self._json)
            if self._scout:
                self._names.ask(window)
            elif (stop := self._names.judge(window)) is not None:
                self.stopped, self._held = stop.label, ""
                out.append(window.text[: stop.at])
                return "".join(out)
            self._context = window.text[:size]
            out.append(self._context)
            at += size
        self._held = held[at:]
        return "".join(out)


def segment(text: str, *, last: bool) -> tuple[int, int] | None:
    """(size of the segment `text` begins with, how much is read for it); None as long as it may go on.

    `text`: what is held, at most LIMIT characters of it; `last`: no more comes.
    """
    for match in _END.finditer(text):
        dot = match.start()
        if text[dot] != "." or not _ABBREVIATED.search(text[max(0, dot - _LOOK_BACK) : dot]):
            return match.end(), match.end()
    if len(text) >= LIMIT:
        return _word_boundary(text), LIMIT
    return (len(text), len(text)) if last and text else None


def _word_boundary(text: str) -> int:
    """Where a sentence without an end is cut: after a space, else after another mark, else anywhere but in an escape."""
    most, least = LIMIT - MARGIN, (LIMIT - MARGIN) // 2
    for place in range(most, least, -1):
        if text[place - 1].isspace():
            return place
    for place in range(most, least, -1):
        if not text[place - 1].isalnum() and text[place - 1] not in "\\_⟦":
            return place
    escape = text.find("\\", most - 16, most)
    if escape < 0:
        return most
    start = len(text[:escape].rstrip("\\"))
    return start if start > least else most


def _inert(text: str) -> str:
    """The text with its placeholders blank, also one that is cut at the end, at unchanged length."""
    if "⟦" in text or "\\" in text:
        text = _PLACEHOLDER.sub(lambda match: " " * len(match.group()), text)
    return _SURROGATE.sub("�", text)
