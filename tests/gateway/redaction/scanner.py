"""A guard scanner for tests: secrets of a simple form, with an exact `hold` through partial matching."""

from __future__ import annotations

import regex

from gateway.flow import Span

LONGEST = 64
_PATTERN = regex.compile(r"(?<![A-Za-z0-9_-])sk-[A-Za-z0-9]{8,40}(?![A-Za-z0-9])|(?<![0-9])[0-9]{11}(?![0-9])")


class Scanner:
    """`sk-…` keys and numbers of eleven digits."""

    def find(self, text: str, context: str = "") -> list[Span]:
        whole, offset = context + text, len(context)
        return [
            Span(
                max(0, m.start() - offset), m.end() - offset, "API_KEY" if m.group()[0] == "s" else "PHONE", 1.0, "test"
            )
            for m in _PATTERN.finditer(whole)
            if m.end() > offset
        ]

    def hold(self, text: str) -> int:
        """The last run of characters that a match could consist of."""
        index = len(text)
        while index and (text[index - 1].isalnum() or text[index - 1] in "-_") and len(text) - index < LONGEST:
            index -= 1
        return index
