"""Where each token of a JSON text stands, so that a change can be spliced in and everything else stays as it was.

Works on text (code points); `locate` gives byte ranges. The text must already be known to be valid JSON.
Only calls with something to change pay for this scan.
"""

from __future__ import annotations

import bisect
import json
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from gateway.flow import Path

_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],]|-?[0-9][-+.0-9eE]*+|true|false|null', re.DOTALL)
_PIECE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]+", re.DOTALL
)


class Token(NamedTuple):
    """One JSON value or object key. `start`/`end` include quotes and brackets."""

    path: Path
    key: bool  # an object key: `path` ends with the key itself
    kind: str  # string | number | literal | object | array
    start: int
    end: int


class _Frame:
    __slots__ = ("expect_key", "is_object", "position", "start")

    def __init__(self, start: int, is_object: bool) -> None:
        self.start = start
        self.is_object = is_object
        self.expect_key = is_object
        self.position: str | int = "" if is_object else 0


def tokens(text: str) -> Iterator[Token]:
    """All keys and values of a valid JSON text; containers come when they close."""
    frames: list[_Frame] = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        first = text[start]
        frame = frames[-1] if frames else None
        if first == ",":
            assert frame is not None
            if frame.is_object:
                frame.expect_key = True
            else:
                frame.position = int(frame.position) + 1
        elif first in "{[":
            frames.append(_Frame(start, first == "{"))
        elif first in "}]":
            closed = frames.pop()
            yield Token(_path(frames), False, "object" if closed.is_object else "array", closed.start, end)
        elif first == '"' and frame is not None and frame.expect_key:
            frame.position = unescape(text[start + 1 : end - 1])
            frame.expect_key = False
            yield Token(_path(frames), True, "string", start, end)
        else:
            kind = "string" if first == '"' else "literal" if first in "tfn" else "number"
            yield Token(_path(frames), False, kind, start, end)


def _path(frames: list[_Frame]) -> Path:
    return tuple(frame.position for frame in frames)


def unescape(raw: str) -> str:
    """The string that stands between the quotes of a JSON string token."""
    return str(json.loads(f'"{raw}"', strict=False)) if "\\" in raw else raw


def escape(text: str) -> str:
    """`text` as it stands between the quotes of a JSON string token; non-ASCII characters stay as they are."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


class View:
    """A decoded string inside a text, with the way back: positions and replacements in terms of the outermost text."""

    __slots__ = ("_base", "_starts", "outer", "text")

    def __init__(self, text: str, outer: View | None = None, base: int = 0, starts: list[int] | None = None) -> None:
        self.text = text
        self.outer = outer
        self._base = base
        self._starts = starts

    def inside(self, token: Token) -> View:
        """The view of a string token of this text."""
        base = token.start + 1
        raw = self.text[base : token.end - 1]
        if "\\" not in raw:
            return View(raw, self, base)
        pieces: list[str] = []
        starts: list[int] = []
        for match in _PIECE.finditer(raw):
            piece = match.group()
            if piece[0] == "\\":
                starts.append(match.start())
                pieces.append(unescape(piece))
            else:
                starts.extend(range(match.start(), match.end()))
                pieces.append(piece)
        starts.append(len(raw))
        return View("".join(pieces), self, base, starts)

    def outer_position(self, index: int) -> int:
        """Where code point `index` of this text starts in the text around it."""
        return self._base + (index if self._starts is None else self._starts[index])

    def inner_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of this text that covers `start:end` of the text around it, widened to whole characters."""
        low, high = start - self._base, end - self._base
        if self._starts is None:
            return max(low, 0), min(high, len(self.text))
        first = bisect.bisect_right(self._starts, max(low, 0)) - 1
        last = bisect.bisect_left(self._starts, high)
        return min(first, len(self.text)), min(last, len(self.text))

    def root_position(self, index: int) -> int:
        """Where code point `index` of this text starts in the outermost text."""
        return index if self.outer is None else self.outer.root_position(self.outer_position(index))

    def encode(self, text: str) -> str:
        """`text`, to be put into this text, as it must stand in the outermost text: escaped to its depth."""
        return text if self.outer is None else self.outer.encode(escape(text))


def locate(body: bytes, paths: Collection[Path]) -> dict[Path, tuple[int, int]]:
    """Byte ranges of the values (not keys) at `paths`; a path that does not exist is absent from the answer."""
    text = body.decode()
    wanted = frozenset(paths)
    found = {token.path: (token.start, token.end) for token in tokens(text) if not token.key and token.path in wanted}
    if len(text) == len(body):
        return found
    byte = point = 0
    bytes_at: dict[int, int] = {}
    for place in sorted({place for span in found.values() for place in span}):
        byte += len(text[point:place].encode())
        point = place
        bytes_at[place] = byte
    return {path: (bytes_at[start], bytes_at[end]) for path, (start, end) in found.items()}
