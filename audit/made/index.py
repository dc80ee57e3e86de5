"""The index of what was made: fingerprints, exact digests, prints and payloads of outputs, each with its flow.

All values are keyed: hashes under keys of the tenant, or prints whose bits its key has moved and turned; they are read
from the `digest` groups of the log, so the file can always be built anew (`lexgate audit reindex`). It answers which flows are worth a look. What
counts is the record itself, which whoever asks reads next: an entry that outlives its record confirms nothing.

One process fills it (`audit.made.follow`), any may read it. The store is not touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from audit.made import mark_tables
from audit.store.sqlite import Connection, connect_reader, driver, require_sound

FORMAT = "5"
"""Another one makes the file be built anew."""
MOST_OWNERS = 64
"""Outputs looked at for one mark, the latest first: a phrase that all answers share must not cost more than others."""
MOST_MARKS = 20_000
"""Marks looked up for one text, the smallest ones: equal texts have equal smallest marks."""
MOST_ALIKE = 64
"""Prints looked at for one band: outputs that are all alike must not cost more than others."""
MOST_PRINTS = 400
"""Prints that one search asks for, the first ones: a picture has some fifty, a sound eight for each second."""
PRINT_BITS = 256
_BANDS = 16
_BAND_BITS = PRINT_BITS // _BANDS
_SCHEMA = """
create table if not exists meta (key text primary key, value text not null) without rowid;
create table if not exists made (
    n integer primary key, flow text not null, output integer not null, tenant text not null, key_id blob not null,
    text integer, unique (flow, output));
create index if not exists made_key on made (key_id);
create index if not exists made_text on made (text) where text is not null;
create table if not exists text (id integer primary key, tenant text not null, digest blob not null, unique (tenant, digest));
create table if not exists exact (digest blob not null, n integer not null, primary key (digest, n)) without rowid;
create table if not exists payload (payload integer not null, n integer not null, primary key (payload, n)) without rowid;
create table if not exists print (id integer primary key, n integer not null, print blob not null, unique (n, print));
create table if not exists band (
    value integer not null, print integer not null, n integer not null, primary key (value, print)) without rowid;
"""
_TABLES = ("exact", "payload", "print", "band")
"""Those with a row for an output. The marks stand for a text, which many outputs of a tenant may share."""


@dataclass(frozen=True, slots=True)
class Made:
    """One output of one flow."""

    flow: str
    output: int
    tenant: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one output: 64-bit marks, keyed digests of its bytes or text, payloads of its invisible marks,
    256-bit perceptual prints (of the whole first, then of its parts).
    """

    made: Made
    key_id: bytes  # of the user key whose destruction erases the entry
    marks: Sequence[int] = ()
    exact: Sequence[bytes] = ()
    payload: int | None = None
    prints: Sequence[bytes] = ()


def index_path(store: Path) -> Path:
    """The index of the store at `store`."""
    return store.with_name(f"{store.stem}.made.db")


def connect_index(path: Path) -> Connection:
    """The writing connection. An index of another format is made anew. A crash may cost its latest entries, never more."""
    require_sound()
    connection = driver.connect(str(path), isolation_level=None, timeout=10.0)
    path.chmod(0o600)
    for pragma in ("journal_mode=wal", "synchronous=normal", "secure_delete=on"):
        connection.execute(f"pragma {pragma}").fetchall()
    if _format(connection) != FORMAT:
        _drop_all(connection)
        connection.executescript(_SCHEMA + mark_tables.SCHEMA)
        clear(connection)
    return connection


def _format(connection: Connection) -> str:
    """What the file says of itself; empty for a new one."""
    if connection.execute("select 1 from sqlite_master where name = 'meta'").fetchone() is None:
        return ""
    row = connection.execute("select value from meta where key = 'format'").fetchone()
    return str(row[0]) if row else ""


def _drop_all(connection: Connection) -> None:
    """Tables of another format have other columns: they are not emptied but removed."""
    connection.execute("begin immediate")
    for (name,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
        connection.execute(f'drop table "{name}"')
    connection.execute("commit")


def clear(connection: Connection) -> None:
    """Forget everything."""
    connection.execute("begin immediate")
    for table in ("made", "meta", "text", *mark_tables.TABLES, *_TABLES):
        connection.execute(f"delete from {table}")  # noqa: S608 - our own constants
    connection.execute("insert into meta values ('format', ?), ('leaves', '0')", (FORMAT,))
    connection.execute("commit")


def put(connection: Connection, entry: Entry) -> None:
    """Add what is known of an output to what was known of it before. Inside the caller's transaction."""
    put_all(connection, (entry,))


def put_all(connection: Connection, entries: Iterable[Entry]) -> None:
    """The same of many outputs. Rows are added in the order of their table's key, which spares the tree most of its walks."""
    entries = list(entries)
    texts = _texts(connection, entries)
    exact: list[tuple[bytes, int]] = []
    payloads: list[tuple[int, int]] = []
    bands: list[tuple[int, int, int]] = []
    for n, entry in zip(_numbers(connection, entries, texts), entries, strict=True):
        exact += [(digest, n) for digest in entry.exact]
        if entry.payload is not None:
            payloads.append((_signed(entry.payload), n))
        for whole in entry.prints:
            added = connection.execute("insert or ignore into print (n, print) values (?, ?)", (n, whole))
            if added.rowcount:
                bands += [(value, added.lastrowid, n) for value in _bands(whole)]
    for statement, rows in (
        ("insert or ignore into exact values (?, ?)", exact),
        ("insert or ignore into payload values (?, ?)", payloads),
        ("insert or ignore into band values (?, ?, ?)", bands),
    ):
        connection.executemany(statement, sorted(rows))


def _numbers(connection: Connection, entries: Sequence[Entry], texts: Sequence[int | None]) -> list[int]:
    """The rows of outputs, made where there are none. Nearly always all are new, and then one statement makes them."""
    first = int(connection.execute("select coalesce(max(n), 0) + 1 from made").fetchone()[0])
    rows = [
        (n, entry.made.flow, entry.made.output, entry.made.tenant, entry.key_id, text)
        for n, (entry, text) in enumerate(zip(entries, texts, strict=True), first)
    ]
    added = connection.executemany(
        "insert or ignore into made (n, flow, output, tenant, key_id, text) values (?, ?, ?, ?, ?, ?)", rows
    )
    if added.rowcount in (len(rows), -1):  # -1: there were none
        return [row[0] for row in rows]
    numbers = []
    for _, flow, output, _, _, text in rows:
        found = connection.execute("select n from made where flow = ? and output = ?", (flow, output)).fetchone()
        numbers.append(int(found[0]))
        if text is not None:
            connection.execute("update made set text = ? where n = ?", (text, numbers[-1]))
    return numbers


def _texts(connection: Connection, entries: Sequence[Entry]) -> list[int | None]:
    """For each output with marks the row of its text, which the tenant's outputs of the same text share.

    Only a text that nobody has made before has its marks added.
    """
    known: dict[tuple[str, bytes], int] = {}
    texts: list[int | None] = []
    new: dict[int, Sequence[int]] = {}
    for entry in entries:
        if not entry.marks:
            texts.append(None)
            continue
        made = entry.made
        of = (made.tenant, entry.exact[0] if entry.exact else f"{made.flow}/{made.output}".encode())
        text = known.get(of)
        if text is None:
            added = connection.execute("insert or ignore into text (tenant, digest) values (?, ?)", of)
            if added.rowcount:
                text = int(added.lastrowid)
                new[text] = entry.marks
            else:
                found = connection.execute("select id from text where tenant = ? and digest = ?", of)
                text = int(found.fetchone()[0])
            known[of] = text
        texts.append(text)
    if new:
        from audit.made import marks  # NumPy: only where there is something to sort

        marks.add(connection, list(new.values()), list(new))
    return texts


def erase(connection: Connection, key_ids: Iterable[bytes] = (), flows: Iterable[str] = ()) -> int:
    """Remove the entries of users whose keys these are, and those of these flows; how many outputs that were.

    Their rows are overwritten, not only unlinked. One pass over the tables, however many are erased.
    """
    connection.execute("create temp table if not exists gone (n integer primary key)")
    connection.execute("begin immediate")
    connection.execute("delete from gone")
    for column, values in (("key_id", key_ids), ("flow", flows)):
        connection.executemany(
            f"insert or ignore into gone select n from made where {column} = ?",  # noqa: S608 - our own constants
            [(value,) for value in values],
        )
    count = int(connection.execute("select count(*) from gone").fetchone()[0])
    if count:
        for table in ("made", *_TABLES):
            connection.execute(f"delete from {table} where n in (select n from gone)")  # noqa: S608 - our own constants
        # A text that nobody's output has any more is forgotten with its marks.
        alone = "from text where not exists (select 1 from made where made.text = text.id)"
        if texts := [id_ for (id_,) in connection.execute(f"select id {alone}")]:
            from audit.made import marks

            marks.forget(connection, texts)
            connection.execute(f"delete {alone}")
    connection.execute("commit")
    if count:
        connection.execute("pragma wal_checkpoint(truncate)").fetchall()
    return count


class MadeIndex:
    """The read side. `tenants` None: of all tenants; otherwise what others made does not exist."""

    def __init__(self, path: Path, tenants: frozenset[str] | None = None) -> None:
        self._path = path
        self._tenants = tenants

    def by_marks(self, of_text: Sequence[int], most: int = 8) -> list[tuple[Made, int]]:
        """The outputs that share most marks with a text, and how many; those that share one mark only are left out."""
        from audit.made import marks

        shared: Counter[int] = Counter()
        with closing(connect_reader(self._path)) as connection:
            connection.execute("begin")  # runs and their rows as they are at one moment
            for texts in marks.texts_of_each(connection, sorted(of_text)[:MOST_MARKS], MOST_OWNERS):
                shared.update(texts)
            having = f"select n from made where text = ? order by n desc limit {MOST_OWNERS}"  # noqa: S608
            found: list[tuple[Made, int]] = []
            for text, count in shared.most_common():
                if count < 2 or len(found) >= most:
                    break
                owners = [n for (n,) in connection.execute(having, (text,))]
                found += [(made, count) for made in self._told(connection, owners)]
            return found[:most]

    def by_exact(self, digest: bytes) -> list[Made]:
        """The outputs whose bytes or text have this keyed digest, the latest first."""
        return self._by("select n from exact where digest = ? order by n desc limit 8", digest)

    def by_payload(self, payload: int) -> list[Made]:
        """The outputs whose invisible marks carry this payload."""
        return self._by("select n from payload where payload = ? order by n desc limit 8", _signed(payload))

    def by_flow(self, flow: str) -> list[Made]:
        """The outputs of a flow."""
        return self._by("select n from made where flow = ? order by output limit 64", flow)

    def by_prints(self, prints: Sequence[bytes], distance: int, tenant: str, most: int = 8) -> list[tuple[Made, int]]:
        """A tenant's outputs one of whose prints differs from one of `prints` in at most `distance` of 256 bits; in how many.

        `prints` are under that tenant's key.

        Multi-index hashing (Norouzi, Punjani, Fleet, 2012): of 16 bands of 16 bits one differs in at most
        `distance` // 16 bits, so looking up each band with one bit changed finds all up to a distance of 31.
        """
        if self._tenants is not None and tenant not in self._tenants:
            return []
        nearest: dict[int, int] = {}
        with closing(connect_reader(self._path)) as connection:
            # Only among the tenant's own are so many looked at, or others', near by chance, would hide them.
            query = (
                "select b.n, p.print from band b join print p on p.id = b.print join made m on m.n = b.n"  # noqa: S608
                f" where b.value = ? and m.tenant = ? limit {MOST_ALIKE}"
            )
            for whole in prints[:MOST_PRINTS]:
                for value in _bands(whole):
                    for changed in (value, *(value ^ 1 << bit for bit in range(_BAND_BITS if distance >= 16 else 0))):
                        for n, stored in connection.execute(query, (changed, tenant)):
                            far = (int.from_bytes(stored) ^ int.from_bytes(whole)).bit_count()
                            if far <= distance and far < nearest.get(n, distance + 1):
                                nearest[n] = far
            found: list[tuple[Made, int]] = []
            for n, far in sorted(nearest.items(), key=lambda item: (item[1], -item[0]))[: most * 8]:
                found += [(made, far) for made in self._told(connection, [n])]
            return found[:most]

    def _by(self, query: str, value: object) -> list[Made]:
        with closing(connect_reader(self._path)) as connection:
            return self._told(connection, [n for (n,) in connection.execute(query, (value,)).fetchall()])

    def _told(self, connection: Connection, numbers: Sequence[int]) -> list[Made]:
        rows = [
            connection.execute("select flow, output, tenant from made where n = ?", (n,)).fetchone() for n in numbers
        ]
        return [Made(*row) for row in rows if row is not None and (self._tenants is None or row[2] in self._tenants)]


def _bands(whole: bytes) -> list[int]:
    """The sixteen bands of a print, each with its place above its bits."""
    return [band << _BAND_BITS | int.from_bytes(whole[band * 2 : band * 2 + 2]) for band in range(_BANDS)]


def _signed(value: int) -> int:
    """SQLite's integers are signed."""
    return value - (1 << 64) if value >= 1 << 63 else value
