"""What `native/entropy.c` does, in Python: its oracle in the tests, and in its place where it was not built."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise
from operator import ne

_SAID = (
    "***", "...", "${", "{{", "%(", "your", "example", "placeholder", "changeme", "change_me", "change-me",
    "redacted", "dummy", "insert_", "insert-", "replace_", "replace-", "sample", "00000000", "11111111", "abcdefgh",
    "12345678901",
)  # fmt: skip
_SAID_BESIDE = ("<", "_here", "foo", "bar", "null", "none", "undefined")
"""What the expression for placeholders finds in small ASCII letters: by itself, and only beside something else."""

_KINDS = bytes(48 if chr(byte).islower() else 49 if chr(byte).isupper() else 50 for byte in range(128)) + bytes(128)
_NO_KIND = bytes(byte for byte in range(128) if not chr(byte).isalnum())


_WORDS = re.compile(r"[A-Z]?[a-z]{4,}|[A-Z]{5,}")


def counts(value: str) -> tuple[int, int, int]:
    """(digits, letters, characters in words) of a value."""
    in_words = len("".join(_WORDS.findall(value)))
    return sum(map(str.isdigit, value)), sum(map(str.isalpha, value)), in_words


def shannon(value: str) -> float:
    """Bits per character of a string by its own letter frequencies, 0 for an empty one."""
    length = len(value)
    return -sum([count / length * math.log2(count / length) for count in Counter(value).values()]) if length else 0.0


def stands_for(value: str) -> bool | None:
    """Whether a value is a placeholder by the words in it; None where the whole expression has to say."""
    if not value.isascii():
        return None
    small = value.lower()
    if "xxxx" in value or "XXXX" in value or any(map(small.__contains__, _SAID)):
        return True
    return None if any(map(small.__contains__, _SAID_BESIDE)) else False


def repeats(value: str) -> bool:
    """Whether a value says the same over and over at its end, or has hardly any letters."""
    body = value[-24:]
    if len(value) >= 16 and any(value[-16:] == value[-period:] * (16 // period) for period in (1, 2, 4, 8)):
        return True
    if len(value) >= 20 and value[-15:] == value[-3:] * 5:
        return True
    if len(value) < 12:
        return len(set(value)) <= 2
    return len(set(body)) <= 4 or any(sign * 8 in body for sign in set(body))


def changes(value: str) -> float:
    """How often, per letter or digit, a string changes between lower case, upper case and digits.

    Random Base64 changes about every second character, camelCase about every sixth, words hardly ever.
    """
    if value.isascii():
        signs = value.encode().translate(_KINDS, _NO_KIND)
        changed: int = sum(map(ne, signs, signs[1:]))
        return changed / max(1, len(signs) - 1)
    kinds = [0 if c.islower() else 1 if c.isupper() else 2 for c in value if c.isalnum()]
    return sum(left != right for left, right in pairwise(kinds)) / max(1, len(kinds) - 1)
