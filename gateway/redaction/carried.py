"""What a request carries in clear: its answer may say it again."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_IDEOGRAPHS = "\u2e80"
"""From here on scripts are written without spaces: a word's end cannot be seen."""


class CarriedText:
    """The texts of a request, for one question: does this value stand in them as words of its own?"""

    __slots__ = ("_text", "_texts")

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = texts
        self._text: str | None = None  # made when first asked: most answers name nobody

    def holds(self, value: str) -> bool:
        """Upper and lower case, widths and spaces do not matter."""
        if self._text is None:
            self._text = _plain("\x00".join(self._texts))
        text, wanted = self._text, _plain(value)
        at = text.find(wanted) if wanted else -1
        while at >= 0:
            end = at + len(wanted)
            if not _inside_word(text[at - 1 : at] + wanted[0]) and not _inside_word(wanted[-1] + text[end : end + 1]):
                return True
            at = text.find(wanted, at + 1)
        return False


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _inside_word(pair: str) -> bool:
    """Whether a word goes on between these two characters."""
    return len(pair) == 2 and all(each.isalnum() and each < _IDEOGRAPHS for each in pair)
