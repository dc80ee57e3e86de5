"""The wrapper of Appendix A.8: a manifest store in invisible characters.

U+FEFF, then one variation selector per byte of `C2PATXT`, a version, a length, the store, and padding that makes its
size known before it is signed.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import cache

from watermark.errors import MarkingFailed

MAGIC, VERSION = b"C2PATXT\x00", 1
_HEADER = struct.Struct(">8sBI")
_MARK = "\ufeff"
_SELECTORS = "".join(chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16) for byte in range(256))
_SELECTOR = "[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_SLACK = 6  # with these every gap can be filled with characters of 3 and 4 bytes
_SHORTEST_RUN = _HEADER.size


@dataclass(frozen=True, slots=True)
class TextWrapper:
    """A wrapper in a text: its store, and where it stands, in bytes of UTF-8."""

    store: bytes
    start: int
    length: int


def find_wrappers(text: str) -> tuple[TextWrapper | None, ...]:
    """Every wrapper of a text, None for one that is damaged."""
    found: list[TextWrapper | None] = []
    for match in _run().finditer(text):
        raw = bytes(map(_byte, match[1]))
        if not raw.startswith(MAGIC):
            continue
        _, version, length = _HEADER.unpack_from(raw)
        store = raw[_HEADER.size : _HEADER.size + length]
        whole = version == VERSION and len(store) == length and match[0].startswith(_MARK)
        start = len(text[: match.start()].encode("utf-8", "replace"))
        found.append(TextWrapper(store, start, len(match[0].encode())) if whole else None)
    return tuple(found)


def strip_manifest(text: str) -> str:
    """The text without wrappers, whole or damaged: what a caller resends as history is not billed 9 KB of them.

    No text needs thirteen variation selectors in a row; an emoji and an ideograph have one.
    """
    return _run().sub("", text)


@cache
def manifest_beginning() -> str:
    """What every whole wrapper begins with: a text without it has none, which is quickly seen."""
    return encoded(MAGIC)


def wrap(store: bytes, size: int) -> str:
    """The wrapper of a store, padded to `size` bytes of UTF-8."""
    text = _MARK + encoded(_HEADER.pack(MAGIC, VERSION, len(store)) + store)
    return text + _padding(size - len(text.encode()))


def size_of(store: int) -> int:
    """Bytes of UTF-8 that a wrapper of so large a store has at most, and is padded to."""
    return len(_MARK.encode()) + 4 * (_HEADER.size + store) + _SLACK


def _padding(gap: int) -> str:
    """Selectors of exactly `gap` bytes: bytes below 16 take three, others four."""
    threes = -gap % 4
    if gap < 3 * threes:
        raise MarkingFailed("the text manifest does not fit its own size")
    return _SELECTORS[0] * threes + _SELECTORS[255] * ((gap - 3 * threes) // 4)


def encoded(data: bytes) -> str:
    return "".join(_SELECTORS[byte] for byte in data)


def _byte(selector: str) -> int:
    point = ord(selector)
    return point - 0xFE00 if point < 0xE0000 else point - 0xE0100 + 16


@cache
def _run() -> re.Pattern[str]:
    return re.compile(f"{_MARK}?({_SELECTOR}{{{_SHORTEST_RUN},}})")
