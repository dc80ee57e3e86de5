"""Pages of search results, newest first, by keyset: a cursor names the last row seen, not a count of rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from audit.errors import QueryInvalid

MAX_LIMIT = 500
_CURSOR = re.compile(r"(\d{1,18})-(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, and the cursor for those after them (None: there are no more)."""

    records: list[dict[str, Any]]
    next: str | None


def cursor_of(time_us: int, seq: int) -> str:
    """The cursor after the row at (time_us, seq)."""
    return f"{time_us}-{seq}"


def position_of(cursor: str | None) -> tuple[int, int] | None:
    """The row that a cursor names; QueryInvalid when it is not one of ours."""
    if not cursor:
        return None
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise QueryInvalid(cursor, "not a cursor")
    return int(match[1]), int(match[2])
