"""Pictures that a stream says piece by piece: Base64 that stands in more than one event, behind the head of a data URL, or
as what a text begins with (Base64 that is quoted has words before it).

A piece cannot be marked, and the pieces before it have gone on when it comes, so the answer ends there. Wherever a
provider cuts its text, no more than `SMALLEST` characters of an unmarked picture go on: fewer are words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass

from gateway.protocols.made_media import DATA_URL_HEAD, LINE, MAGIC, SMALLEST

_RUN = re.compile(r"[A-Za-z0-9+/_\r\n-]*")
_LINE = re.compile(r"[A-Za-z0-9+/_-]*")
_BLANK = " \t\f\v"
_BLANKS = re.compile(rf"[{_BLANK}]+")
_TAIL = 256
"""Characters in which the head of a data URL may stand that is not complete."""
_MAGIC_LENGTH = 16
"""Characters by which the beginning of an encoded file is known."""


@dataclass(slots=True)
class _Text:
    """`at`: pieces of this text that were looked at. `run`: Base64 of a file that may go on, None outside of one.

    `begun`: the text so far, until it can be told whether it begins with a file.
    """

    at: int = 0
    tail: str = ""
    run: str | None = None
    begun: str | None = ""
    word: str | None = None  # what follows blanks in a run, until it is long enough to be a line of it


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
    known.tail = ""
    if known.begun is not None:
        known.begun = (known.begun + new)[: _TAIL + _MAGIC_LENGTH]
        if MAGIC.match(known.begun):
            known.run, known.begun = "", None
        elif len(known.begun.lstrip()) >= _MAGIC_LENGTH or len(known.begun) >= _TAIL:
            known.begun = None
    while True:
        if known.run is None:
            head = DATA_URL_HEAD.search(text) if "64" in text else None
            if head is None:
                known.tail = text[-_TAIL:]
                return False
            known.run, text = "", text[head.end() :]
        text = _run_on(known, text)
        for done in marked:
            known.run = (known.run or "").removeprefix(_BLANKS.sub("", done).strip().rstrip("="))
        if len(known.run or "") >= SMALLEST:
            return True
        if not text:
            return False
        known.run, text, known.word = None, (known.word or "") + text, None


def _run_on(known: _Text, text: str) -> str:
    """Takes as much of a text as goes on with the Base64 before it; what is left. Blanks are passed over where a line of Base64
    follows, as `made_media` reads them.
    """
    while text:
        if known.word is None:
            end = _RUN.match(text)
            at = 0 if end is None else end.end()
            known.run = ((known.run or "") + text[:at]).lstrip("\r\n")
            if at == len(text) or not _BLANKS.match(text, at):
                return text[at:]
            known.word, text = "", text[at:]
        if not known.word:
            text = text.lstrip(_BLANK)
        line = _LINE.match(text)
        at = 0 if line is None else line.end()
        known.word, text = known.word + text[:at], text[at:]
        if len(known.word) >= LINE or not known.run:
            known.run, known.word = (known.run or "") + known.word, None
        elif text:
            return text
    return text
