"""Leaves one row for many: see `audit.store.batch`. Written out: a migration does not change after its release."""

from __future__ import annotations

import struct

from alembic import op
from sqlalchemy import text

from audit.errors import StoreUnusable

revision = "0002"
down_revision = "0001"

_TOGETHER = 64
_READ = text("select entry, disclosed, sealed, content from leaf where idx >= :first order by idx limit :count")
_WRITE = text("insert into batch values (:first, :leaves, :data)")


def upgrade() -> None:
    """Move every leaf, in order."""
    op.execute("drop table if exists batch")  # an attempt that was cut short before migrations were one transaction
    op.execute(
        "create table batch (first integer not null, leaves integer not null, data blob not null, primary key (first))"
    )
    connection, first = op.get_bind(), 0
    while rows := connection.execute(_READ, {"first": first, "count": _TOGETHER}).fetchall():
        pieces = [bytes(piece) for row in rows for piece in row]
        data = b"".join((struct.pack(f">{len(pieces)}I", *map(len, pieces)), *pieces))
        connection.execute(_WRITE, {"first": first, "leaves": len(rows), "data": data})
        first += len(rows)
    if first != connection.execute(text("select count(*) from leaf")).scalar():
        raise StoreUnusable(
            "the leaves of this store are not dense: see what `lexgate audit verify` of the version before says"
        )
    op.execute("drop table leaf")
