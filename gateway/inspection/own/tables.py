"""Exact data matching: cells of an organisation's own tables, found wherever they are written in a call.

A table is kept as keyed hashes of its cells (64-bit BLAKE2b under the tenant's key) with column and row; its values are
nowhere. A long number stands for its row alone; anything shorter counts where two columns of one row stand together.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from gateway.errors import ConfigurationError
from gateway.flow import Span
from gateway.inspection.own.tokens import Token, beginnings, candidates, is_telling, joined, long_enough, prefix, tokens

LABEL = "REGISTERED_VALUE"
MOST_ROWS = 5
"""Rows that may share a value; one that more share is a word of the table's language."""
TOGETHER = 300
"""Characters within which two columns of one row are read together."""
LONGEST = 64
_TELLS, _SHORT = 1, 0


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a table: cells kept, and cells too short or too common to be looked for."""

    rows: int
    kept: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Table:
    """Sorted hashes of cells, with column, row and whether each tells by itself."""

    name: str
    columns: tuple[str, ...]
    hashes: NDArray[np.uint64]
    column: NDArray[np.uint16]
    row: NDArray[np.uint32]
    tells: NDArray[np.uint8]
    heads: frozenset[int]
    longest: int


def register(content: str, columns: Sequence[str], name: str, key: bytes, target: Path) -> Registered:
    """Hashes a CSV table into `target`. Raises ConfigurationError: no such column, nothing to keep."""
    rows = list(csv.DictReader(io.StringIO(content)))
    known = list(rows[0]) if rows else []
    wanted = list(columns) or known
    if missing := [column for column in wanted if column not in known]:
        raise ConfigurationError(f"the table has no column {', '.join(missing)}")
    cells = [
        (joined(row[column] or ""), number, at) for at, row in enumerate(rows) for number, column in enumerate(wanted)
    ]
    common = Counter((value, number) for value, number, _ in cells)
    kept = [
        (value, number, at)
        for value, number, at in cells
        if long_enough(value) and len(value) <= LONGEST and common[value, number] <= MOST_ROWS
    ]
    if not kept:
        raise ConfigurationError("the table has no value that is long and rare enough to be looked for")
    hashes = np.array([_hash(key, value) for value, _, _ in kept], np.uint64)
    order = np.argsort(hashes, kind="stable")
    heads = np.unique(np.array([_hash(key, prefix(value)) for value, _, _ in kept], np.uint64))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = {"name": name, "columns": wanted, "longest": max(len(value) for value, _, _ in kept)}
    draft = target.with_suffix(".new")
    with draft.open("wb") as file:
        np.savez(
            file,
            about=np.frombuffer(orjson.dumps(about), np.uint8),
            hashes=hashes[order],
            column=np.array([number for _, number, _ in kept], np.uint16)[order],
            row=np.array([at for _, _, at in kept], np.uint32)[order],
            tells=np.array([is_telling(value) for value, _, _ in kept], np.uint8)[order],
            heads=heads,
        )
    draft.chmod(0o600)
    draft.replace(target)
    return Registered(len(rows), len(kept), len(cells) - len(kept))


def load(path: Path) -> Table:
    """Raises ConfigurationError for a file that is no table."""
    try:
        with np.load(path, allow_pickle=False) as file:
            about = orjson.loads(file["about"].tobytes())
            return Table(
                about["name"], tuple(about["columns"]), file["hashes"], file["column"], file["row"], file["tells"],
                frozenset(file["heads"].tolist()), about["longest"],
            )  # fmt: skip
    except Exception as problem:  # a file that is none makes numpy and zipfile raise what they like
        raise ConfigurationError(f"{path.name} is no registered table") from problem


class TableFinder:
    """Finds the cells of a tenant's tables. One walk over a text's tokens for all of them."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._tables = tuple(tables)
        self._longest = max((table.longest for table in tables), default=0)

    def find(self, text: str, key: bytes) -> list[Span]:
        """Spans of values, in the text's code points."""
        if not self._tables:
            return []
        found = tokens(text)
        hashed = self._candidates(found, key)
        if not hashed:
            return []
        values = np.array([value for value, _, _ in hashed], np.uint64)
        return [span for table in self._tables for span in _in_table(table, values, hashed, found)]

    def _candidates(self, found: Sequence[Token], key: bytes) -> list[tuple[int, int, int]]:
        """(hash, first token, last token) of all that begins like a value."""
        heads: dict[str, bool] = {}
        known: dict[str, int] = {}
        result: list[tuple[int, int, int]] = []
        for first in range(len(found)):
            if not any(self._begins(start, key, heads) for start in beginnings(found, first)):
                continue
            for value, last in candidates(found, first, self._longest):
                if long_enough(value):
                    if value not in known:
                        known[value] = _hash(key, value)
                    result.append((known[value], first, last))
        return result

    def _begins(self, start: str, key: bytes, heads: dict[str, bool]) -> bool:
        known = heads.get(start)
        if known is None:
            value = _hash(key, start)
            known = heads[start] = any(value in table.heads for table in self._tables)
        return known


def _in_table(
    table: Table, values: NDArray[np.uint64], hashed: Sequence[tuple[int, int, int]], found: Sequence[Token]
) -> list[Span]:
    first = np.searchsorted(table.hashes, values, "left")
    last = np.searchsorted(table.hashes, values, "right")
    hits: list[tuple[int, int, int, int, bool]] = []  # start, end, column, row, tells
    for index in np.flatnonzero(last > first).tolist():
        _, begin, end = hashed[index]
        for cell in range(int(first[index]), int(last[index])):
            place = found[begin].start, found[end].end
            hits.append((*place, int(table.column[cell]), int(table.row[cell]), bool(table.tells[cell])))
    spans = {(start, end) for start, end, *_ in _believed(hits)}
    return [Span(start, end, LABEL, 0.95, f"table:{table.name}") for start, end in sorted(spans)]


def _believed(hits: Iterable[tuple[int, int, int, int, bool]]) -> list[tuple[int, int, int, int, bool]]:
    """Those that tell by themselves, and those beside which another column of their row stands."""
    rows: defaultdict[int, list[tuple[int, int, int, int, bool]]] = defaultdict(list)
    for hit in hits:
        rows[hit[3]].append(hit)
    return [
        hit
        for together in rows.values()
        for hit in together
        if hit[4] or any(other[2] != hit[2] and abs(other[0] - hit[0]) <= TOGETHER for other in together)
    ]


def _hash(key: bytes, value: str) -> int:
    return int.from_bytes(blake2b(value.encode(), key=key, digest_size=8).digest(), "little")
