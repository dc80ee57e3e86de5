"""The pass of `native/scan.c` in Python: its oracle in the tests, and what runs where it was not built."""

from __future__ import annotations

import re
from collections.abc import Iterator

_DUPLICATE, _ESCAPED_KEY, _LONG_NUMBER, _NUL, _TOO_DEEP, _TOO_MANY = 1, 2, 4, 8, 16, 32
_EXACT_DIGITS, _EXACT_INTEGER = 15, 18
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\],:]|[-+.0-9eE]++|[a-z]++', re.DOTALL)
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_FRACTION = re.compile(rb"[.eE]")

Span = tuple[int, int]


def check(body: bytes, depth: int, most: int) -> int:
    """See `scanning`."""
    flags = values = 0
    keys: list[set[bytes] | None] = []  # of the objects around; None for arrays
    wants_key = opened = False
    for match in _TOKEN.finditer(body):
        token = match.group()
        first = token[:1]
        if opened and first not in b"}]":
            values += 1
            if values > most:
                return flags | _TOO_MANY
        opened = False
        if first == b'"':
            if b"\\u0000" in token and _ESCAPED_NUL.search(token):
                flags |= _NUL
            if wants_key:
                flags |= _key(token, keys[-1])
            wants_key = False
        elif first in b"{[":
            if len(keys) >= depth:
                return flags | _TOO_DEEP
            keys.append(set() if first == b"{" else None)
            wants_key, opened = first == b"{", True
        elif first in b"}]":
            if not keys:
                raise ValueError("not JSON")
            keys.pop()
            wants_key = False
        elif first == b",":
            values += 1
            wants_key = keys[-1] is not None
        elif first in b"-0123456789" and len(token) > (_EXACT_DIGITS if _FRACTION.search(token) else _EXACT_INTEGER):
            flags |= _LONG_NUMBER
        if values > most:
            return flags | _TOO_MANY
    if keys:
        raise ValueError("not JSON")
    return flags


def nodes(body: bytes, most: int) -> int:
    """See `scanning`."""
    found = 0
    for match in _TOKEN.finditer(body):
        found += match.group()[:1] in (b"{", b"[", b":")
        if found > most:
            break
    return found


def _key(token: bytes, known: set[bytes] | None) -> int:
    if known is None:
        return 0
    flags = _DUPLICATE if token in known else 0
    known.add(token)
    return flags | (_ESCAPED_KEY if b"\\" in token else 0)


def members(body: bytes) -> list[tuple[int, int, int, int, list[Span] | None]]:
    """See `scanning`."""
    tokens = [(match.group()[:1], match.start(), match.end()) for match in _TOKEN.finditer(body)]
    if not tokens or tokens[0][0] != b"{":
        raise ValueError("not a JSON object")
    found: list[tuple[int, int, int, int, list[Span] | None]] = []
    at = 1
    while tokens[at][0] != b"}":
        if tokens[at][0] == b",":
            at += 1
            continue
        _, key, key_end = tokens[at]
        start, end, after = _value(tokens, at + 2)
        items = list(_items(tokens, at + 2)) if tokens[at + 2][0] == b"[" else None
        found.append((key, key_end, start, end, items))
        at = after
    return found


def _value(tokens: list[tuple[bytes, int, int]], at: int) -> tuple[int, int, int]:
    """(start, end, index of the token behind) of the value whose first token is at `at`."""
    start, depth = tokens[at][1], 0
    while True:
        kind, _, end = tokens[at]
        depth += (kind in b"{[") - (kind in b"}]")
        at += 1
        if depth == 0:
            return start, end, at


def _items(tokens: list[tuple[bytes, int, int]], at: int) -> Iterator[Span]:
    at += 1
    while tokens[at][0] != b"]":
        if tokens[at][0] == b",":
            at += 1
            continue
        start, end, at = _value(tokens, at)
        yield start, end
