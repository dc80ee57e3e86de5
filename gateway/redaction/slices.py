"""Where the segments of a request stand in its body, and one segment's bytes read by themselves.

An array's item is its own bytes; any other segment is a member of the body with its key, which may hold a value too.
A form's field is a text as it stands between its head and its boundary; its file stands nowhere, for nobody can edit it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.flow import Path
from gateway.protocols.document import parse
from gateway.protocols.json_offsets import locate
from gateway.protocols.request import DecodedRequest, Segment
from gateway.protocols.scanning import members


@dataclass(frozen=True, slots=True)
class Slice:
    """One segment's place: bytes `start` to `end` of the body. `member`: they are `"key": value`. `bare`: no JSON."""

    segment: Segment
    start: int
    end: int
    member: bool
    body: bytes = field(repr=False)
    bare: bool = False

    @property
    def raw(self) -> bytes:
        return self.body[self.start : self.end]

    @property
    def prefix(self) -> Path:
        """What stands before the paths of tokens read in `document`."""
        return () if self.member else self.segment.path

    def document(self, raw: bytes) -> str:
        """`raw` as a JSON text of its own."""
        return "{" + raw.decode() + "}" if self.member else raw.decode()

    def read(self, raw: bytes) -> Segment:
        """`raw`, which may have been changed, as a segment in place of this one. Raises BadRequest."""
        if self.bare:
            return self.segment.replaced(self.segment.path, raw.decode())
        tree = parse(b"{" + (raw if self.member else b'"":' + raw) + b"}").tree
        ((key, value),) = tree.items()
        return self.segment.replaced((key,) if self.member else self.segment.path, value)


def slices(request: DecodedRequest) -> list[Slice]:
    """The place of each segment in the body that it was read from."""
    body, segments = request.body, request.segments
    if request.form is not None:
        return [
            Slice(segment, *request.form.get(segment.path, (0, 0)), member=False, body=body, bare=True)
            for segment in segments
        ]
    rows = {_name(body[row[0] : row[1]]): row for row in members(body)}
    places = [_slice(body, segment, rows) for segment in segments]
    missing = [segment.path for segment, place in zip(segments, places, strict=True) if place is None]
    deeper = locate(body, missing) if missing else {}
    return [
        place or Slice(segment, *deeper[segment.path], member=False, body=body)
        for segment, place in zip(segments, places, strict=True)
    ]


def _slice(body: bytes, segment: Segment, rows: dict[str, Any]) -> Slice | None:
    """The place of a segment near the root; None for one that stands deeper."""
    path = segment.path
    key, _, start, end, items = rows[str(path[0])]
    if len(path) == 1:
        return Slice(segment, key, end, member=True, body=body)
    if len(path) == 2 and items is not None and type(path[1]) is int:
        start, end = items[path[1]]
        return Slice(segment, start, end, member=False, body=body)
    return None


def _name(key: bytes) -> str:
    return str(orjson.loads(key)) if b"\\" in key else key[1:-1].decode()
