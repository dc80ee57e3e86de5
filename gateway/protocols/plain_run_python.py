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
    buffer: bytes, at: int, prefix: bytes, suffix: bytes, before: bytes, behind: bytes, table: bytes | None, marks: bool,
    held: bytes, most: int,
) -> tuple[int, int, str, bytes, str]:  # fmt: skip
    """(end, count, text, events, held): see the module `plain_run`. Raises ValueError for a place outside or an incomplete form."""
    whole_table = table is None or len(table) == TRIPLES
    if not 0 <= at <= len(buffer) or not prefix or not suffix or not whole_table:
        raise ValueError("a place in the buffer, a form and a whole table expected")
    texts: list[str] = []
    events: list[bytes] = []
    while len(texts) < most and buffer.startswith(prefix, at):
        start = at + len(prefix)
        match = _PLAIN.match(buffer, start)
        end = match.end() if match is not None else start
        raw = buffer[start:end]
        if not buffer.startswith(suffix, end) or buffer[end : end + 1] != b'"' or (marks and _MARK in raw):
            break
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            break
        passed = len(held + raw) if table is None else held_from(held + raw, table)
        if passed is None:
            break
        texts.append(text)
        events.append(before + (held + raw)[:passed] + behind)
        held = (held + raw)[passed:]
        at = end + len(suffix)
    return at, len(texts), "".join(texts), b"".join(events), held.decode()


def held_from(raw: bytes, table: bytes) -> int | None:
    """From where on a text has to be held back, its size if nothing has; None where a closer look has to say.

    Nothing guarded begins in what goes on. One to three letters at the end are held: any of them may begin a key.
    """
    if not raw:
        return 0
    if len(raw) > LONGEST or raw.endswith(b"-") or b"--" in raw or re.search(rb"[0-9]", raw[-SPACED:]):
        return None
    match = _RUN.search(raw)
    for start in _STARTS.finditer(raw, match.start() if match is not None else 0):
        word = raw[start.start() :].decode("latin-1")
        if any(letter not in LETTERS for letter in word[:3]):
            return None
        if len(word) <= 3:
            return start.start()
        if word[3] in DIGITS or begins(table, word[:3]):
            return None
    return len(raw)


def begins(table: bytes, three: str) -> bool:
    """Whether the table says that something guarded may begin with these three letters."""
    first, second, third = map(LETTERS.index, three)
    bit = (first * 52 + second) * 52 + third
    return bool(table[bit >> 3] >> (bit & 7) & 1)
