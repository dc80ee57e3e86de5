"""How random a string is, and whether it only stands for a secret."""

from __future__ import annotations

import contextlib
import importlib
import re
from typing import Any

from gateway.inspection import entropy_python

_STANDS_FOR = re.compile(
    r"(?i)(?-i:x{4}|X{4})|\*{3,}|\.\.\.|…|<[^>]*>|\$\{|\{\{|%\(|your[_\-]?|example|placeholder|changeme|change[_\-]me|redacted|dummy"
    r"|insert[_\-]|replace[_\-]|sample|_here$|(?:^|[^a-z])(?:foo|bar|null|none|undefined)(?:$|[^a-z])"
    r"|0{8,}|1{8,}|abcdefgh|12345678901|\[redacted\]"
)

_native: Any = None
with contextlib.suppress(ImportError):  # no compiler was there when this was installed
    _native = importlib.import_module("gateway.inspection._entropy")
_quick: Any = _native or entropy_python


def shannon(value: str) -> float:
    """Bits per character of a string by its own letter frequencies, 0 for an empty one."""
    found: float | None = _quick.shannon(value)
    return entropy_python.shannon(value) if found is None else found


def counts(value: str) -> tuple[int, int, int]:
    """(digits, letters, characters in words) of a value; a word: four small letters or more, or five capitals."""
    found: tuple[int, int, int] = _quick.counts(value)
    return found


def is_placeholder(value: str) -> bool:
    """Whether a value only shows where a secret would stand: `xxxx`, `<KEY>`, `${KEY}`, `your-key`, one letter repeated."""
    found: bool | None = _quick.stands_for(value)
    if found is None:
        found = _STANDS_FOR.search(value) is not None
    return found or bool(_quick.repeats(value))


def changes(value: str) -> float:
    """How often, per letter or digit, a string changes between lower case, upper case and digits.

    Random Base64 changes about every second character, camelCase about every sixth, words hardly ever.
    """
    found: float | None = _quick.changes(value)
    return entropy_python.changes(value) if found is None else found
