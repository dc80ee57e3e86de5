"""Changes put into a text or body at known ranges; everything between them stays as it was."""

from __future__ import annotations

from collections.abc import Iterable
from typing import AnyStr


def splice(body: AnyStr, edits: Iterable[tuple[int, int, AnyStr]]) -> AnyStr:
    """Replace each `start:end` by its text. Ranges must not overlap; without edits the very same object comes back."""
    ordered = sorted(edits, key=lambda edit: edit[:2])
    if not ordered:
        return body
    pieces: list[AnyStr] = []
    at = 0
    for start, end, text in ordered:
        if start < at or end < start:
            raise ValueError("edits overlap")
        pieces.append(body[at:start])
        pieces.append(text)
        at = end
    pieces.append(body[at:])
    return body[:0].join(pieces)
