"""A text as tokens that values are compared by: words and numbers whole, ideographs one by one, in one writing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]|[^\W_\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
PREFIXES = (4, 3, 2)
"""Lengths of the beginnings by which candidates are found."""
MOST_TOKENS = 12
BETWEEN = 3
"""Characters of punctuation and blanks that may stand inside a value."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token in its one writing, and where it stands."""

    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The tokens of a text in order."""
    if not text.isascii():
        return [
            Token(unicodedata.normalize("NFKC", match[0]).casefold(), match.start(), match.end())
            for match in _TOKEN.finditer(text)
        ]
    low = text.lower()
    return [Token(match[0], match.start(), match.end()) for match in _TOKEN.finditer(low)]


def joined(value: str) -> str:
    """A value in the writing that is hashed: without blanks, punctuation, case and width."""
    return "".join(token.text for token in tokens(value))


def prefix(value: str) -> str:
    """By what a value is looked for first: four characters, or all of a shorter one."""
    return value[: PREFIXES[0]]


def long_enough(value: str) -> bool:
    """Whether a value says anything: two ideographs, six digits, four other characters."""
    if any(character >= "\u2e80" for character in value):
        return len(value) >= 2
    return len(value) >= (6 if value.isdecimal() else 4)


def is_telling(value: str) -> bool:
    """Whether a value can stand for its row alone: a long number, or a long text that is no single word."""
    if any(character >= "\u2e80" for character in value):
        return len(value) >= 8
    digits = sum(map(str.isdecimal, value))
    return digits >= 7 or (digits >= 3 and len(value) >= 8) or len(value) >= 16


def beginnings(found: Sequence[Token], first: int) -> tuple[str, ...]:
    """What a value that begins at this token would be looked for by: see `prefix`."""
    text = found[first].text
    if len(text) >= PREFIXES[0]:
        return (text[: PREFIXES[0]],)
    for index in range(first + 1, min(first + PREFIXES[0], len(found))):
        if len(text) >= PREFIXES[0] or found[index].start - found[index - 1].end > BETWEEN:
            break
        text += found[index].text
    if text[0] >= "\u2e80":  # names and words of ideographs are short
        return tuple(text[:length] for length in PREFIXES if len(text) >= length)
    return (text[: PREFIXES[0]],)


def candidates(found: Sequence[Token], first: int, longest: int) -> list[tuple[str, int]]:
    """What may be a value from this token on: (joined, index of the last token)."""
    pieces: list[tuple[str, int]] = []
    text = ""
    for index in range(first, min(first + MOST_TOKENS, len(found))):
        if index > first and found[index].start - found[index - 1].end > BETWEEN:
            break
        text += found[index].text
        if len(text) > longest:
            break
        pieces.append((text, index))
    return pieces
