"""The oracle of `native/events.c`, and what runs where it was not built. See `plain_run`."""

from __future__ import annotations

import re

LONGEST, SPACED, TRIPLES = 2048, 192, 17_576
"""Bytes of a text that is looked at; bytes that 48 characters may take; bytes of the table, a bit for each three letters."""
DIGITS = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_RUN = re.compile(rb"[\x21-\x7e]*\Z")
_STARTS = re.compile(rb"(?<![0-9A-Za-z])[0-9A-Za-z]|(?<![0-9A-Za-z_~.\-])[_~.]")
_MARK = "⟦".encode()


def run(
    buffer: bytes, at: int, prefix: bytes, suffix: bytes, table: bytes | None, marks: bool, most: int
) -> tuple[int, int, str]:
    """(end, events, text): see the module `plain_run`. Raises ValueError for a place outside or an incomplete form."""
    whole_table = table is None or len(table) == TRIPLES
    if not 0 <= at <= len(buffer) or not prefix or not suffix or not whole_table:
        raise ValueError("a place in the buffer, a form and a whole table expected")
    texts: list[str] = []
    while len(texts) < most and buffer.startswith(prefix, at):
        start = at + len(prefix)
        match = _PLAIN.match(buffer, start)
        end = match.end() if match is not None else start
        if not buffer.startswith(suffix, end) or buffer[end : end + 1] != b'"':
            break
        raw = buffer[start:end]
        if (marks and _MARK in raw) or (table is not None and not clear(raw, table)):
            break
        try:
            texts.append(raw.decode())
        except UnicodeDecodeError:
            break
        at = end + len(suffix)
    return at, len(texts), "".join(texts)


def clear(raw: bytes, table: bytes) -> bool:
    """Whether nothing that is guarded can begin in this text and go on behind it. A "no" may be a "perhaps"."""
    if not raw:
        return True
    if len(raw) > LONGEST or raw.endswith(b"-") or b"--" in raw or re.search(rb"[0-9]", raw[-SPACED:]):
        return False
    match = _RUN.search(raw)
    for start in _STARTS.finditer(raw, match.start() if match is not None else 0):
        four = raw[start.start() : start.start() + 4].decode("latin-1")
        if len(four) < 4 or four[3] in DIGITS or any(letter not in LETTERS for letter in four[:3]):
            return False
        if begins(table, four[:3]):
            return False
    return True


def begins(table: bytes, three: str) -> bool:
    """Whether the table says that something guarded may begin with these three letters."""
    first, second, third = map(LETTERS.index, three)
    bit = (first * 52 + second) * 52 + third
    return bool(table[bit >> 3] >> (bit & 7) & 1)
