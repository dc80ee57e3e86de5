"""The explicit text label: one bracketed notice of its own, in the answer's language, and how it is taken off again.

What a caller resends as history must not teach the model to write our label, nor be labelled twice: `strip` removes it
from the ends of a text, also where an editor or a chat program changed white space, brackets, width or hyphens.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from unicodedata import normalize

from watermark.language import language_of
from watermark.profile import Profile, notices

__all__ = ["LABEL_TEXTS", "label_texts", "language_of", "strip", "text_label"]

LABEL_TEXTS: tuple[str, ...]
"""Every label that this product writes, longest first; read from the data file when first asked for."""

_OPENING = r"[\[【［〔]"
_CLOSING = r"[\]】］〕]"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_BLANK = rf"[\s{_INVISIBLE}]"
_DASH = r"[-\u2010-\u2015\u2212\uff0d]"


def text_label(profile: Profile, language: str) -> str:
    """The label for an answer in `language`; English where the language has no wording of its own."""
    return profile.notices.get(language) or profile.notices["en"]


@cache
def label_texts() -> tuple[str, ...]:
    """Every label that this product writes, longest first."""
    return tuple(sorted(set(notices().values()), key=lambda text: (-len(text), text)))


def strip(text: str) -> str:
    """`text` without our labels at its beginning and end; white space goes only where a label went. Idempotent."""
    start, end = _patterns()
    while True:
        shorter = start.sub("", end.sub("", text, count=1), count=1)
        if shorter == text:
            return text
        text = shorter


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    forms = {normalize(form, text[1:-1]) for text in label_texts() for form in ("NFC", "NFD")}
    wordings = "|".join(_wording(text) for text in sorted(forms, key=len, reverse=True))
    label = rf"[*_]{{0,3}}{_OPENING}{_BLANK}*(?:{wordings}){_BLANK}*{_CLOSING}[*_]{{0,3}}"
    start = rf"\A{_BLANK}*{label}{_BLANK}*"
    end = rf"(?<!{_BLANK}){_BLANK}*{label}{_BLANK}*\Z"  # looking behind keeps a long blank run from being tried anew
    return re.compile(start, re.IGNORECASE), re.compile(end, re.IGNORECASE)


def _wording(text: str) -> str:
    """A pattern for one notice: between its characters white space may have been changed, hyphens replaced."""
    words = [rf"{_BLANK}*{_DASH}?{_BLANK}*".join(map(_word, part.split("-"))) for part in text.split(" ")]
    return rf"{_BLANK}*".join(words)


def _word(part: str) -> str:
    between = rf"[{_INVISIBLE}]*" if part.isascii() else rf"{_BLANK}*"  # Chinese and Japanese lines break anywhere
    return between.join(re.escape(character) for character in part)


def __getattr__(name: str) -> Any:
    """`LABEL_TEXTS` without reading a file at import."""
    if name == "LABEL_TEXTS":
        return label_texts()
    raise AttributeError(name)
