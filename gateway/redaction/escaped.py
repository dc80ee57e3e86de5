r"""The guard's view of JSON as it streams: an escape must not hide a match (`"key:\nAKIA…"` has no `n` before the key).

The raw text is read as it stands, and again with its escapes decoded once, twice, … (JSON in strings of JSON). Positions
of all readings are those of the raw text; what one reading would hold, all hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from gateway.flow import Span
from gateway.protocols.json_offsets import unescape
from gateway.protocols.plain_run import Automaton

CONTEXT = 64
"""Characters before the text at hand that the guard sees, for its look-behinds."""

MAX_DEPTH = 4
SHORT = 16_384
"""Characters; a longer text is left to the guard, which lets others run while it reads."""
_PIECE = re.compile(r"\\u[0-9a-fA-F]{4}|\\(?!u|\Z).|\\u?[0-9a-fA-F]{0,3}|[^\\]+", re.DOTALL)
_INCOMPLETE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?")
_LONGEST_ESCAPE = 6
_STARTS = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]")
MOST_STARTS, REACH = 32, 4096
"""Words at the end of a match in which another one may begin; characters behind it that are looked at."""


class Guard(Protocol):
    """What a guard scanner offers (`gateway.inspection.guard.GuardScanner`)."""

    def find(self, text: str, context: str = "") -> list[Span]: ...

    def hold(self, text: str) -> int: ...


def matches(guard: Guard, text: str, context: str = "") -> list[Span]:
    """What `guard.find` says. Its automaton is asked first, where it has one: that nothing begins in a text is certain."""
    automaton: Automaton | None = getattr(guard, "automaton", None) if len(text) <= SHORT else None
    if automaton is not None:
        before = context[-1:].encode(errors="surrogatepass")
        if not automaton.possible(text.encode(errors="surrogatepass"), before[-1] if before else -1):
            return []
    return guard.find(text, context)


def reaching_out(guard: Guard, text: str, span: Span) -> Iterator[Span]:
    """Matches that begin inside one of the guard's and end behind it: the guard leaves out what another one wins over."""
    starts = [match.start() for match in _STARTS.finditer(text, span.start + 1, span.end)]
    for start in starts[-MOST_STARTS:]:
        for other in guard.find(text[start : span.end + REACH]):
            if start + other.start < span.end < start + other.end:
                yield other._replace(start=start + other.start, end=start + other.end)


def held_from(guard: Guard, text: str) -> int:
    """What `guard.hold` says, by its automaton where that is sure of it: from where on a text has to be held back."""
    automaton: Automaton | None = getattr(guard, "automaton", None)
    if automaton is not None and text.isascii():
        held = automaton.hold(text.encode())
        if held >= 0:
            return held
    return guard.hold(text)


def read_escaped(guard: Guard, unread: str, context: str) -> tuple[int, list[Span]]:
    """(what may be final, matches) of `unread`, whose positions they are; `context` is what stood before."""
    before = len(context)
    final, spans = held_from(guard, unread), guard.find(unread, context)
    text = context + unread
    starts = list(range(len(text) + 1))
    for _ in range(MAX_DEPTH):
        if "\\" not in text:
            break
        text, starts = decoded(text, starts)
        final = min(final, max(0, starts[held_from(guard, text)] - before))
        for span in guard.find(text):
            start, end = starts[span.start] - before, starts[span.end] - before
            if start >= 0:
                spans.append(Span(start, end, span.label, span.score, span.detector))
    return final, spans


def decoded(text: str, starts: list[int]) -> tuple[str, list[int]]:
    """One level of escapes decoded, up to an escape that is not complete yet; with the way back to the raw text."""
    out: list[str] = []
    back: list[int] = []
    end = len(text)
    for match in _PIECE.finditer(text):
        piece = match.group()
        if piece[0] != "\\":
            out.append(piece)
            back.extend(starts[match.start() : match.end()])
        elif _INCOMPLETE.fullmatch(piece):
            if match.end() == len(text):
                end = match.start()
                break
            out.append(piece)  # no escape of JSON: it stays as it stands
            back.extend(starts[match.start() : match.end()])
        else:
            out.append(_character(piece))
            back.append(starts[match.start()])
    back.append(starts[end])
    return "".join(out), back


def _character(escape: str) -> str:
    try:
        return unescape(escape)
    except ValueError:
        return escape[1]


def context_of(text: str) -> str:
    """The end of `text`, beginning neither inside an escape nor inside a run of backslashes."""
    start = len(text) - CONTEXT
    if start <= 0:
        return text
    place = text.rfind("\\", max(0, start - _LONGEST_ESCAPE), start)
    if place >= 0:
        start = place
        while start and text[start - 1] == "\\":
            start -= 1
    return text[start:]
