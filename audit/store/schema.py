"""The tables. `batch`, `tile`, `checkpoint`, `stream`, `user_key` are the log; `counted*` the counters; the rest is a
projection for search that can be rebuilt from the log (`lexgate audit reindex`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    comment="origin and generation of the log",
)
batch = Table(
    "batch",
    metadata,
    Column("first", Integer, primary_key=True),
    Column("leaves", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    comment="the leaves, dense from 0: the truth; a row holds those that became durable together, see audit/store/batch.py",
)
tile = Table(
    "tile",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("idx", Integer, primary_key=True),
    Column("hashes", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    comment="full tiles of 256 hashes; partial ones are computed when asked for",
)
checkpoint = Table(
    "checkpoint",
    metadata,
    Column("second", Integer, primary_key=True, autoincrement=False),
    Column("size", Integer, nullable=False),
    Column("floor", Integer, nullable=False),
    Column("note", Text, nullable=False),
    comment="the last signed tree head of each second; floor: no flow below this index is open",
)
stream = Table(
    "stream",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("closed", Integer, nullable=False),
    sqlite_with_rowid=False,
    comment="how many leaves each (writer, epoch) has appended",
)
user_key = Table(
    "user_key",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("usr", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    comment="keys of (tenant, user), wrapped by the KEK; destroyed on erasure",
)
Index("user_key_owner", user_key.c.tenant, user_key.c.usr)

flow = Table(
    "flow",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("flow", Text, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("usr", Text, nullable=False),
    Column("application", Text, nullable=False),
    Column("grade", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("from_", Text, nullable=False),
    Column("to_", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("intents", Text, nullable=False),
    Column("outcome", Integer),
    Column("settle", Integer),
    comment="search: one row per flow, seq is the index of its first leaf; intents are leaf indices, comma-separated",
)
Index("flow_id", flow.c.flow, unique=True)
Index("flow_time", flow.c.time_us)
Index("flow_tenant", flow.c.tenant, flow.c.time_us)
Index("flow_user", flow.c.usr, flow.c.time_us)

tag = Table(
    "tag",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("time_us", BigInteger, primary_key=True),
    Column("seq", Integer, primary_key=True),
    sqlite_with_rowid=False,
    comment="search: entity labels, categories, rules and parents of each flow",
)
counted = Table(
    "counted",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("counter", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("bucket", Integer, nullable=False),
    sqlite_with_rowid=False,
    comment="distinct subjects counted; bucket: month last seen (year * 12 + month - 1) of rolling counters, else 0",
)
counted_total = Table(
    "counted_total",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("counter", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("bucket", Integer, primary_key=True),
    Column("n", Integer, nullable=False),
    sqlite_with_rowid=False,
    comment="running totals of counted, one per bucket",
)
