"""SQLAlchemy over connections that cannot write. Only who searches imports it: it is the heaviest part of the audit package."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import QueuePool

from audit.store.sqlite import connect_reader, driver


def reading_engine(path: Path) -> Engine:
    """A pool over `connect_reader`."""
    return create_engine(
        "sqlite://", module=driver, creator=lambda: connect_reader(path), poolclass=QueuePool, pool_size=4
    )
