"""The tables in which `audit.made.marks` keeps its runs. They stand here so that whoever opens an index does not load NumPy.

Its OpenBLAS starts threads, and a process that has some is not forked from (`gateway.processes.nursery`).
"""

SCHEMA = """
create table if not exists run (id integer primary key, level integer not null);
create table if not exists chunk (id integer primary key, run integer not null, first integer not null, data blob not null);
create index if not exists chunk_first on chunk (run, first);
"""
TABLES = ("run", "chunk")
