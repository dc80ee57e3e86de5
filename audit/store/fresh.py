"""A new store's tables, written out: what the migrations make of nothing, without the half second that their tools load in.

A test holds the two against each other. Whoever adds a migration changes `TABLES` with it.
"""

from __future__ import annotations

from audit.store.sqlite import Connection

TABLES = (
    "create table alembic_version (version_num varchar(32) not null, constraint alembic_version_pkc primary key (version_num))",
    "create table meta (key text not null, value text not null, primary key (key))",
    """create table tile (level integer not null, idx integer not null, hashes blob not null,
       primary key (level, idx)) without rowid""",
    """create table checkpoint (second integer not null, size integer not null, floor integer not null,
       note text not null, primary key (second))""",
    """create table stream (writer text not null, epoch integer not null, n integer not null, closed integer not null,
       primary key (writer, epoch)) without rowid""",
    """create table user_key (id blob not null, tenant text not null, usr text not null, wrapped blob not null,
       primary key (id)) without rowid""",
    "create index user_key_owner on user_key (tenant, usr)",
    """create table flow (seq integer not null, flow text not null, time_us bigint not null, tenant text not null,
       usr text not null, application text not null, grade text not null, decision text not null, status text not null,
       from_ text not null, to_ text not null, provider text not null, model text not null, intents text not null,
       outcome integer, settle integer, primary key (seq))""",
    "create unique index flow_id on flow (flow)",
    "create index flow_time on flow (time_us)",
    "create index flow_tenant on flow (tenant, time_us)",
    "create index flow_user on flow (usr, time_us)",
    """create table tag (kind text not null, value text not null, time_us bigint not null, seq integer not null,
       primary key (kind, value, time_us, seq)) without rowid""",
    """create table counted (tenant text not null, counter text not null, period text not null, subject text not null,
       bucket integer not null, primary key (tenant, counter, period, subject)) without rowid""",
    """create table counted_total (tenant text not null, counter text not null, period text not null,
       bucket integer not null, n integer not null, primary key (tenant, counter, period, bucket)) without rowid""",
    "create table batch (first integer not null, leaves integer not null, data blob not null, primary key (first))",
)


def make(connection: Connection, revision: str) -> None:
    """Make the tables of this revision in an empty database: all of them or, whatever ends it, none."""
    connection.execute("begin immediate")
    for statement in TABLES:
        connection.execute(statement)
    connection.execute("insert into alembic_version values (?)", (revision,))
    connection.execute("commit")
