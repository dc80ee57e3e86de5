"""The words that digits are said in, and seven of them in a row."""

from __future__ import annotations

import re
from collections.abc import Iterable

FEWEST = 7
"""What is shorter identifies nobody and is ordinary prose."""

ENGLISH = {
    "zero": "0", "oh": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
PINYIN = {
    "ling": "0", "yao": "1", "yi": "1", "er": "2", "liang": "2", "san": "3", "si": "4", "wu": "5", "liu": "6",
    "qi": "7", "ba": "8", "jiu": "9", "dong": "0", "guai": "7",
}  # fmt: skip
_TONES = {"a": "[aāáǎà]", "e": "[eēéěè]", "i": "[iīíǐì]", "o": "[oōóǒò]", "u": "[uūúǔù]"}


def expression(word: str) -> str:
    """A word as an expression: pinyin with its tones or without."""
    return word if word not in PINYIN else "".join(_TONES.get(letter, letter) for letter in word)


def in_a_row(words: Iterable[str]) -> re.Pattern[str]:
    """Seven words or more, nothing between them."""
    longest_first = sorted(map(expression, words), key=lambda word: -len(word))
    return re.compile(rf"(?:{'|'.join(longest_first)}){{{FEWEST},}}", re.IGNORECASE)
