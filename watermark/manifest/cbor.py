"""The part of CBOR (RFC 8949) that C2PA structures need, written deterministically (§4.2.1), map order kept as given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tagged item (§3.4)."""

    number: int
    value: Any


def encode(value: Any) -> bytes:
    """Raises TypeError for what has no place in a manifest."""
    match value:
        case bool() | None:
            return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[value]
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            text = value.encode()
            return _head(3, len(text)) + text
        case list() | tuple():
            return _head(4, len(value)) + b"".join(map(encode, value))
        case dict():
            pairs = (encode(key) + encode(held) for key, held in value.items())
            return _head(5, len(value)) + b"".join(pairs)
        case Tagged():
            return _head(6, value.number) + encode(value.value)
    raise TypeError(f"{type(value).__name__} has no place in a manifest")


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for code, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * width:
            return bytes([major << 5 | code]) + number.to_bytes(width, "big")
    raise TypeError("a number has no place in a manifest")
