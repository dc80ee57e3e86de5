"""How random a string is, and whether it only stands for a secret."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise
from operator import ne

_STANDS_FOR = re.compile(
    r"(?i)x{4,}|\*{3,}|\.\.\.|…|<[^>]*>|\$\{|\{\{|%\(|your[_\-]?|example|placeholder|changeme|change[_\-]me|redacted|dummy"
    r"|insert[_\-]|replace[_\-]|sample|_here$|(?:^|[^a-z])(?:foo|bar|null|none|undefined)(?:$|[^a-z])"
    r"|0{8,}|1{8,}|abcdefgh|12345678901|\[redacted\]"
)
_SAID = (
    "xxxx", "***", "...", "${", "{{", "%(", "your", "example", "placeholder", "changeme", "change_me", "change-me",
    "redacted", "dummy", "insert_", "insert-", "replace_", "replace-", "sample", "00000000", "11111111", "abcdefgh",
    "12345678901",
)  # fmt: skip
_SAID_BESIDE = ("<", "_here", "foo", "bar", "null", "none", "undefined")
"""What `_STANDS_FOR` finds in small ASCII letters: by itself, and only beside something else."""

_KINDS = bytes(48 if chr(byte).islower() else 49 if chr(byte).isupper() else 50 for byte in range(128)) + bytes(128)
_NO_KIND = bytes(byte for byte in range(128) if not chr(byte).isalnum())


def shannon(value: str) -> float:
    """Bits per character of a string by its own letter frequencies, 0 for an empty one."""
    length = len(value)
    return -sum([count / length * math.log2(count / length) for count in Counter(value).values()]) if length else 0.0


def is_placeholder(value: str) -> bool:
    """Whether a value only shows where a secret would stand: `xxxx`, `<KEY>`, `${KEY}`, `your-key`, one letter repeated."""
    if _stands_for(value):
        return True
    body = value[-24:]
    if len(value) >= 16 and any(value[-16:] == value[-period:] * (16 // period) for period in (1, 2, 4, 8)):
        return True
    if len(value) >= 20 and value[-15:] == value[-3:] * 5:
        return True
    if len(value) < 12:
        return len(set(value)) <= 2
    return len(set(body)) <= 4 or any(sign * 8 in body for sign in set(body))


def _stands_for(value: str) -> bool:
    """Whether `_STANDS_FOR` is found. ASCII is searched word by word, which costs a tenth."""
    if value.isascii():
        small = value.lower()
        if any(map(small.__contains__, _SAID)):
            return True
        if not any(map(small.__contains__, _SAID_BESIDE)):
            return False
    return _STANDS_FOR.search(value) is not None


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
