"""Canonical JSON: the one byte string of a value, equal to RFC 8785 on the profile below.

Profile: object keys are ASCII (so that sorting by UTF-8 bytes and by UTF-16 code units agree), numbers are integers
below 2^53 in magnitude, no floats. orjson then writes what RFC 8785 asks for, ten times faster than its reference
implementation, which is the oracle in the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from audit.errors import RecordInvalid

_OPTIONS = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


_SCALARS = frozenset({str, int, bool, type(None)})


class Prepared(dict[str, Any]):
    """An object with its canonical bytes beside it, for one that is recorded many times. Not to be changed any more."""

    __slots__ = ("data",)

    def __init__(self, value: Mapping[str, Any]) -> None:
        super().__init__(value)
        self.data = canonical(dict(value))


class Rendered(NamedTuple):
    """A group as its canonical bytes alone. For a `pub` of a known kind, `row`: what the search table says of its leaf.

    `row_json`: the row as JSON, where it is known.
    """

    data: bytes
    row: tuple[Any, ...] | None = None
    row_json: bytes = b""

    def value(self) -> dict[str, Any]:
        """What the bytes say."""
        read: dict[str, Any] = orjson.loads(self.data)
        return read

    def __repr__(self) -> str:
        """Without what it says."""
        return f"Rendered({len(self.data)} bytes)"


class RenderedRows(NamedTuple):
    """A group of a settle leaf: for each flow, in their order, the canonical bytes of what is said of it."""

    flows: tuple[str, ...]
    bodies: list[bytes]

    def __repr__(self) -> str:
        """Without what it says."""
        return f"RenderedRows({len(self.flows)} flows)"


class RenderedGroups(NamedTuple):
    """All groups of a leaf of one flow as their canonical bytes: (name, bytes, whether it is open), in the order of names.

    No content, and at least one that is not open. `row`, `row_json`: of its `pub`, as in `Rendered`.
    """

    rows: list[tuple[str, bytes, bool]]
    row: tuple[Any, ...] | None = None
    row_json: bytes = b""

    def apart(self) -> dict[str, Rendered]:
        """Each group under its name."""
        return {
            name: Rendered(data, self.row, self.row_json) if name == "pub" else Rendered(data)
            for name, data, _ in self.rows
        }

    def __repr__(self) -> str:
        """Without what they say."""
        return f"RenderedGroups({[name for name, _, _ in self.rows]})"


Group = Mapping[str, Any] | Rendered | RenderedRows
"""What a leaf says under one name, as an object or written already."""


class Template:
    """The canonical bytes of objects that differ in a few members alone: written once, with holes for those."""

    __slots__ = ("_form",)

    def __init__(self, fixed: Mapping[str, Any], holes: tuple[str, ...]) -> None:
        """`holes`: the names that `fixed` lacks, in sorted order. RecordInvalid when `fixed` has no canonical form."""
        pieces, rest, before = [], sorted(fixed), b"{"
        for hole in holes:
            first = [name for name in rest if name < hole]
            rest = rest[len(first) :]
            told = canonical({name: fixed[name] for name in first})[1:-1]
            pieces.append(before + told + (b"," if told else b"") + canonical(hole) + b":")
            before = b","
        told = canonical({name: fixed[name] for name in rest})[1:-1]
        pieces.append((before if told else b"" if holes else before) + told + b"}")
        self._form = b"%b".join([piece.replace(b"%", b"%%") for piece in pieces])

    def fill(self, *values: bytes) -> bytes:
        """The object with these canonical values in its holes."""
        return self._form % values


def canonical(value: Any) -> bytes:
    """The canonical bytes of `value`; RecordInvalid when it is outside the profile."""
    kind = type(value)
    if kind is Prepared or kind is Rendered:
        written: bytes = value.data
        return written
    _check(value)
    return dump(value)


def dump(value: Any) -> bytes:
    """The canonical bytes of a value that is known to be inside the profile, but for the size of its integers."""
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except (TypeError, ValueError) as error:
        raise RecordInvalid(f"not canonical JSON: {type(error).__name__}") from error


def _check(value: Any) -> None:
    """Refuse what orjson would write but RFC 8785 would write otherwise.

    This runs over every group of every leaf: loops over plain members are left to C.
    """
    kind = type(value)
    if kind is dict:
        try:
            if not "".join(value).isascii():
                raise RecordInvalid("object keys must be ASCII")
        except TypeError as error:
            raise RecordInvalid("object keys must be strings") from error
        if not _SCALARS.issuperset(map(type, value.values())):
            for item in value.values():
                if type(item) not in _SCALARS:
                    _check(item)
    elif kind is list or kind is tuple:
        if not _SCALARS.issuperset(map(type, value)):
            for item in value:
                if type(item) not in _SCALARS:
                    _check(item)
    elif not isinstance(value, (str, bool, int)) and value is not None:
        raise RecordInvalid(f"a {kind.__name__} has no canonical form here (objects, lists, strings, integers)")
