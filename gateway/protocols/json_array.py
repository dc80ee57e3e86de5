"""A stream that is one JSON array, read element by element as it comes: Gemini's stream without `alt=sse`.

The same contract as `gateway.protocols.sse`: bytes in, events out, each with its bytes, and the cuts never matter. An
event's `data` is one element; what stands before it (`[`, `,`, white space) is part of its bytes. The closing bracket
is an event of its own without data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.protocols.answer import MalformedAnswer
from gateway.protocols.sse import MAX_EVENT, Event, EventTooLarge

_MARK = re.compile(rb'\\.|["{}\[\]]', re.DOTALL)
_FIRST = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*")
_BETWEEN = re.compile(rb"\s*,\s*")
_CLOSING = re.compile(rb"\s*\]")
_EMPTY = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*\]")


class Element(Event):
    """One element with what parts it from the one before."""

    __slots__ = ()

    def with_data(self, data: bytes) -> bytes:
        return self.raw[: len(self.raw) - len(self.data or b"")] + data


class ArrayReader:
    """Feed bytes; whole elements come out. `rest` is nothing: an array that did not close has no event for it."""

    __slots__ = ("_closed", "_depth", "_escape", "_in_string", "_pieces", "_size", "_started")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []  # of the element that is not complete yet
        self._size = 0
        self._depth = 0
        self._in_string = False
        self._escape = b""  # a backslash whose other half has not come yet
        self._started = False
        self._closed = False

    @property
    def held(self) -> int:
        """Bytes of the element that is not complete yet."""
        return self._size

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The elements that are complete now. Raises EventTooLarge, MalformedAnswer."""
        chunk, self._escape = self._escape + chunk, b""
        if (len(chunk) - len(chunk.rstrip(b"\\"))) % 2:
            chunk, self._escape = chunk[:-1], b"\\"
        at = 0
        for match in _MARK.finditer(chunk):
            end = self._mark(match[0])
            if end:
                element = self._element(chunk[at : match.end()], closing=match[0] == b"]")
                at = match.end()
                yield element
        if not self._closed:
            self._pieces.append(chunk[at:])
            self._size += len(chunk) - at
            if self._size > MAX_EVENT:
                raise EventTooLarge

    def rest(self) -> bytes:
        return b""

    def _mark(self, mark: bytes) -> bool:
        """Follows one mark; True where an element or the array ends."""
        if self._closed or len(mark) == 2:
            return False
        if mark == b'"':
            self._in_string = not self._in_string
        elif not self._in_string:
            if mark in b"{[":
                self._depth += 1
            else:
                self._depth -= 1
                return self._depth <= 1 and (mark == b"}" or self._depth <= 0)
        return False

    def _element(self, last: bytes, *, closing: bool) -> Element:
        raw = b"".join((*self._pieces, last))
        self._pieces, self._size = [], 0
        if closing:
            self._closed = True
            if (_CLOSING if self._started else _EMPTY).fullmatch(raw) is None:
                raise MalformedAnswer
            return Element(raw, b"", None)
        head = (_BETWEEN if self._started else _FIRST).match(raw)
        self._started = True
        if head is None or raw[head.end() : head.end() + 1] != b"{":
            raise MalformedAnswer
        return Element(raw, b"", raw[head.end() :])
