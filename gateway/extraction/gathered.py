"""What the reading of a file has gathered so far: texts, pictures, what nobody looked at, and what all of it has cost.

Every limit is counted here, over all nested files together: an archive of archives gets no more than its outermost one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

FILE, IMAGE, AUDIO = "file", "image", "audio"


class Unreadable(Exception):
    """A file, or a file in it, cannot be read. The message says why, without content."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file of a call may cost, everything nested in it included."""

    expanded_bytes: int = 134_217_728
    ratio: int = 200  # of expanded to packed bytes, once a megabyte is exceeded
    depth: int = 4  # files in files
    entries: int = 4_000  # files in archives, parts of mails
    pages: int = 2_000
    characters: int = 2_000_000
    pictures: int = 32  # to be read by OCR


@dataclass(frozen=True, slots=True)
class Extracted:
    """A file's text in pieces, each with its place, and what was not looked at as (kind of part, why)."""

    type: str
    texts: tuple[tuple[str, str], ...] = field(repr=False)
    unread: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, row: dict[str, Any]) -> Extracted:
        """From what an extractor answers."""
        return cls(
            row["type"],
            tuple((where, text) for where, text in row["texts"]),
            tuple((kind, why) for kind, why in row["unread"]),
        )


@dataclass(slots=True)
class Gathered:
    """The state of one reading. `ocr`: pictures are kept to be read afterwards instead of being named unread."""

    limits: Limits = field(default_factory=Limits)
    ocr: bool = False
    texts: list[tuple[str, str]] = field(default_factory=list)
    unread: dict[tuple[str, str], None] = field(default_factory=dict)
    pictures: list[tuple[str, bytes]] = field(default_factory=list)
    _characters: int = 0
    _expanded: int = 0
    _entries: int = 0
    _pages: int = 0

    def text(self, where: str, text: str) -> None:
        """A piece of text; what is beyond the limit is named unread."""
        text = text.strip("\x00\r\n\t ")
        if not text:
            return
        room = self.limits.characters - self._characters
        if len(text) > room:
            self.skip(FILE, "more text than the limit")
            text = text[:room]
        self._characters += len(text)
        if text:
            self.texts.append((where, text))

    def lines(self, where: str, lines: Sequence[str]) -> None:
        """Many short texts of one place, one a line, each once."""
        self.text(where, "\n".join(dict.fromkeys(line for line in lines if line.strip())))

    def skip(self, kind: str, why: str) -> None:
        """Something that nobody looked at."""
        self.unread[kind, why] = None

    def picture(self, where: str, content: bytes) -> None:
        """A picture: to be read by OCR, or unread."""
        if not self.ocr:
            self.skip(IMAGE, "a picture, and OCR is off")
        elif len(self.pictures) >= self.limits.pictures:
            self.skip(IMAGE, "more pictures than the limit")
        else:
            self.pictures.append((where, content))

    def entry(self) -> None:
        """One more file in a file. Raises Unreadable when there are too many."""
        self._entries += 1
        if self._entries > self.limits.entries:
            raise Unreadable("more files in it than the limit")

    def deeper(self, depth: int, size: int) -> None:
        """A file in a file. Raises Unreadable when it is nested too deeply, or all of them are too large."""
        if depth > self.limits.depth:
            raise Unreadable("nested more deeply than the limit")
        self.expanded(size, size)

    def page(self) -> None:
        """One more page. Raises Unreadable when there are too many."""
        self._pages += 1
        if self._pages > self.limits.pages:
            raise Unreadable("more pages than the limit")

    def expanded(self, packed: int, size: int) -> None:
        """So many bytes were, or will be, unpacked. Raises Unreadable for too many, and for what only a bomb expands to."""
        self._expanded += size
        if self._expanded > self.limits.expanded_bytes:
            raise Unreadable("it unpacks to more than the limit")
        if size > 1_048_576 and size > self.limits.ratio * max(packed, 1):
            raise Unreadable("it unpacks to more than any document does")

    def row(self, kind: str) -> dict[str, Any]:
        """As an extractor answers it."""
        return {"type": kind, "texts": self.texts, "unread": list(self.unread)}
