"""Server-sent events, read as they come: any cut, any line ending, comments, several data lines, a byte order mark.

Each event keeps its bytes, so that what nobody changes goes on as it came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_EVENT = 16 * 1024 * 1024
"""Bytes. A longer event is refused: memory stays bounded whatever a provider sends."""

_MARK = b"\xef\xbb\xbf"
_BLANK = re.compile(rb"(?>\r\n|\r|\n)(?>\r\n|\r|\n)")


class EventTooLarge(Exception):
    """A provider's event is longer than MAX_EVENT."""


class Event:
    """One event as it came. `data` is None for comments and blank lines."""

    __slots__ = ("data", "name", "raw")

    def __init__(self, raw: bytes, name: bytes, data: bytes | None) -> None:
        self.raw = raw
        self.name = name
        self.data = data

    def with_data(self, data: bytes) -> bytes:
        """This event with other data. Its own fields and comments stay, its data lines go; as does a mark before them."""
        if self.raw.startswith(b"data:") and self.raw.count(b"\n") == 2 and self.raw.endswith(b"\n\n"):
            return b"data: " + data + b"\n\n"
        lines: list[bytes] = []
        written = False
        for line in self.raw.splitlines(keepends=True):
            if not line.removeprefix(_MARK).startswith(b"data"):
                lines.append(line)
            elif not written:
                written = True
                bare = line.rstrip(b"\r\n")
                end = line[len(bare) :] or b"\n"
                lines += [b"data: " + piece + end for piece in data.split(b"\n")]
        return b"".join(lines)


def event_end(buffer: bytes, at: int) -> int:
    """Where the event that begins at `at` ends, its blank line included; 0 if it does not end in these bytes."""
    if b"\r" not in buffer:
        end = buffer.find(b"\n\n", at)
        return end + 2 if end >= 0 else 0
    match = _BLANK.search(buffer, at)
    if match is None or (match.end() == len(buffer) and buffer[-1:] == b"\r"):
        return 0  # the line end may go on with a line feed
    return match.end()


class EventReader:
    """Bytes in, whole events out. Which events come out does not depend on how the bytes were cut."""

    __slots__ = ("_pieces", "_tail", "held")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []  # of the event that is not complete yet
        self.held = 0  # bytes of it
        self._tail = b""  # its last bytes: a blank line may be split over two reads

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that are complete now. Raises EventTooLarge."""
        window = self._tail + chunk
        if b"\n\n" in window or (b"\r" in window and _BLANK.search(window) is not None):
            yield from self._events(chunk)
        else:
            # Only new bytes are searched and nothing is copied: a long event costs what it weighs.
            self._pieces.append(chunk)
            self.held += len(chunk)
            self._tail = window[-3:]
        if self.held > MAX_EVENT:
            raise EventTooLarge

    def _events(self, chunk: bytes) -> Iterator[Event]:
        start, position = 0, max(0, self.held - 3)
        buffer = b"".join((*self._pieces, chunk))
        simple = b"\r" not in buffer
        try:
            while True:
                if simple:
                    end = buffer.find(b"\n\n", position) + 2
                    if end == 1:
                        break
                else:
                    match = _BLANK.search(buffer, position)
                    if match is None or (match.end() == len(buffer) and buffer[-1:] == b"\r"):
                        break  # the line end may go on with a line feed
                    end = match.end()
                event, start, position = buffer[start:end], end, end
                yield read_event(event)
        finally:
            rest = buffer[start:]
            self._pieces, self.held, self._tail = [rest], len(rest), rest[-3:]

    def rest(self) -> bytes:
        """Bytes of an event that nothing ended."""
        rest = b"".join(self._pieces)
        self._pieces, self.held, self._tail = [], 0, b""
        return rest


def read_event(raw: bytes) -> Event:
    """The fields of one event's bytes."""
    name = b""
    data: bytes | None = None
    for line in raw.splitlines():
        if line.startswith(_MARK):
            line = line[3:]  # noqa: PLW2901  the byte order mark belongs to the stream, not to its first field
        if line.startswith(b"data:"):
            value = line[6:] if line[5:6] == b" " else line[5:]
            data = value if data is None else data + b"\n" + value
        elif line.startswith(b"event:"):
            name = line[6:].strip()
    return Event(raw, name, data)
