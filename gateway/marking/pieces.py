"""Pictures that a stream says piece by piece: a data URL whose Base64 stands in more than one event.

A piece cannot be marked, and the pieces before it have gone on when it comes, so the answer ends there. Wherever a
provider cuts its text, no more than `SMALLEST` characters of an unmarked picture go on: fewer are words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass

from gateway.protocols.made_media import DATA_URL_HEAD, SMALLEST

_RUN = re.compile(r"[A-Za-z0-9+/_\r\n-]*")
_TAIL = 256
"""Characters in which the head of a data URL may stand that is not complete."""


@dataclass(slots=True)
class _Text:
    """`at`: pieces of this text that were looked at. `run`: Base64 of a data URL that may go on, None outside of one."""

    at: int = 0
    tail: str = ""
    run: str | None = None


class Pieces:
    """Belongs to one answer. `found` once for each piece of it that goes on."""

    def __init__(self) -> None:
        self._texts: dict[Hashable, _Text] = {}

    def found(self, texts: Iterable[tuple[Hashable, list[str]]], marked: Collection[str]) -> bool:
        """Whether a picture is in what the texts say by now (in the pieces in which they came) that was not marked.

        `marked`: the Base64 in these texts that was marked since the last look, each as the provider wrote it.
        """
        for key, pieces in texts:
            known = self._texts.get(key)
            if known is None:
                known = self._texts[key] = _Text()
            if known.at < len(pieces):
                new = "".join(pieces[known.at :])
                known.at = len(pieces)
                if _is_in(known, new, marked):
                    return True
        return False


def _is_in(known: _Text, new: str, marked: Collection[str]) -> bool:
    text = known.tail + new
    while True:
        if known.run is None:
            head = DATA_URL_HEAD.search(text) if "64" in text else None
            if head is None:
                known.tail = text[-_TAIL:]
                return False
            known.run, text = "", text[head.end() :]
        more = _RUN.match(text)
        end = more.end() if more is not None else 0
        known.run += text[:end]
        for done in marked:
            known.run = known.run.removeprefix(done.rstrip("= \r\n"))
        if len(known.run) >= SMALLEST:
            return True
        if end == len(text):
            known.tail = ""
            return False
        known.run, text = None, text[end:]
