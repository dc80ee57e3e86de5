"""The records, whose library is loaded with the first look at them.

SQLAlchemy takes a third of a second and 20 MB. Whoever waits for a gateway to start would wait for that, too; the operator who
looks for a record first waits for it instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from audit.errors import LogUnavailable
from audit.keys import Keyring

if TYPE_CHECKING:
    from audit.search.page import Page
    from audit.search.records import Records

T = TypeVar("T")


class LateRecords:
    """`audit.search.Records` of one store. Safe to share between threads. Raises LogUnavailable when it cannot be read."""

    def __init__(self, store: Path, keyring: Keyring) -> None:
        self._store, self._keyring = store, keyring

    def find(self, q: str = "", after: str | None = None, limit: int = 50) -> Page:
        return self._read(lambda records: records.find(q, after, limit))

    def get(self, flow: str) -> Mapping[str, Any] | None:
        return self._read(lambda records: records.get(flow))

    def proof(self, flow: str) -> Mapping[str, Any] | None:
        return self._read(lambda records: records.proof(flow))

    def trace(self, flow: str) -> Mapping[str, Any] | None:
        return self._read(lambda records: records.trace(flow))

    def checkpoint(self) -> str:
        return self._read(lambda records: records.checkpoint())

    def tile(self, level: int, index: int, width: int) -> bytes | None:
        return self._read(lambda records: records.tile(level, index, width))

    def entries(self, index: int, width: int) -> bytes | None:
        return self._read(lambda records: records.entries(index, width))

    def close(self) -> None:
        """Let go of the store."""
        if "_records" in self.__dict__:
            self._records.close()

    def _read(self, look: Callable[[Records], T]) -> T:
        records = self._records
        from sqlalchemy.exc import SQLAlchemyError

        try:
            return look(records)
        except SQLAlchemyError as problem:
            raise LogUnavailable(type(problem).__name__) from problem

    @cached_property
    def _records(self) -> Records:
        from audit.search.records import Records

        return Records(self._store, self._keyring)
