"""What `native/codes.c` does, in Python: its oracle in the tests, and in its place where it was not built."""

from __future__ import annotations

import binascii
import re

from gateway.inspection.glance_flags import IN_FIVES, IN_UTF16

_RUN = re.compile(r"[A-Za-z0-9+/_\-]{14,}")
_ROW = 48
_HEX_RUN = re.compile(r"(?P<led>0[xX]|[\\#]x)?(?P<digits>(?<![0-9A-Fa-f])[0-9A-Fa-f]{14,})(?![0-9A-Za-z])")
_LEADING = frozenset("CDIJKLMNOPQRSTUVWXYZabcdef4567w")
"""Where Base64 begins a byte of text: those of ASCII, and of the first bytes of Latin and Chinese letters in UTF-8."""
_FEWEST_BYTES = 7
_FIVES = re.compile("[A-Z2-7]{16,}")
_WIDE = 6
"""One of so many signs of UTF-16 in Base64 is an A at least."""
_PRINTABLE = bytes(byte for byte in range(256) if byte >= 0x80 or (byte >= 0x20 and byte != 0x7F) or byte in b"\t\n\r")
_SIGNS = (
    ";\n",
    "{\n",
    "}\n",
    "):\n",
    "import ",
    "def ",
    "=>",
    "function ",
    "#include",
    "SELECT ",
    "</",
    "end\n",
    "done\n",
    "<- ",
)


def base64_runs(text: str) -> list[tuple[int, int, int]]:
    """(start, end, shifts) of what may be code in Base64, or begin several rows of it."""
    runs = ((*match.span(), shifts(match[0])) for match in _RUN.finditer(text))
    return [(start, end, may) for start, end, may in runs if may or end - start >= _ROW]


def hex_runs(text: str) -> list[tuple[int, int, int]]:
    """(begin, first, end) of hexadecimal digits that may be a text: where they are announced, begin, and end."""
    found = []
    for match in _HEX_RUN.finditer(text):
        start, end = match.span("digits")
        if match["led"] is None and text[max(0, start - 1) : start].isalnum() and text[start - 1].isascii():
            continue
        first = start + (end - start) % 2
        if _bytes_may_be_text(bytes.fromhex(text[first:end])):
            found.append((match.start(), first, end))
    return found


def _bytes_may_be_text(content: bytes) -> bool:
    """Whether the first bytes are printable, or many are zero, each other one."""
    if not content[:_FEWEST_BYTES].translate(None, _PRINTABLE):
        return True
    if len(content) < 2 * _FEWEST_BYTES:
        return False
    even, odd = content[0:64:2].count(0), content[1:64:2].count(0)
    return not (even and odd) and (even + odd) * 8 >= min(len(content), 64)


def source_signs(text: str, lines: int) -> bool:
    """Whether a text has so many lines' ends, and a sign of source code."""
    return text.count("\n") >= lines and any(map(text.__contains__, _SIGNS))


def shifts(code: str) -> int:
    """From which of its first four signs on Base64 may be a text, as bits, `IN_FIVES` and `IN_UTF16`. `code` has signs of Base64 only."""
    found = IN_FIVES if _FIVES.fullmatch(code) is not None else 0
    found |= IN_UTF16 if code and code.count("A") * _WIDE >= len(code) else 0
    return found | sum(1 << shift for shift in range(4) if _may_be_text(code[shift:]))


def _may_be_text(code: str) -> bool:
    if not _LEADING.issuperset(code[:16:4]):
        return False
    piece = code.replace("-", "+").replace("_", "/")
    try:
        content = binascii.a2b_base64(piece[: len(piece) - (len(piece) % 4 == 1)] + "==")
    except (binascii.Error, ValueError):
        return False
    return not content[:_FEWEST_BYTES].translate(None, _PRINTABLE)
