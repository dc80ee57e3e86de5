"""What must not be lost: keys and store."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from audit.errors import AuditError, SchemaMismatch
from gateway.doctor.finding import Finding, Level, good, problem, warning
from gateway.errors import ConfigurationError
from gateway.settings import Settings

LARGE = 1 << 30
"""Bytes of a store beyond which its pages and leaves are not all read unless asked for."""
AHEAD_US = 60 * 1_000_000


def keys(settings: Settings) -> Iterator[Finding]:
    """The key folder: there, its owner's alone, and open to the passphrase."""
    from audit.keys import Keyring

    folder = settings.keys_dir
    if not folder.is_dir():
        yield problem(
            "keys", f"There is no key folder at {folder}.", "Make keys with lexgate init, or restore your backup."
        )
        return
    open_ = [path for path in (folder, *sorted(folder.glob("*.key"))) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    for path in open_:
        mend = "700" if path.is_dir() else "600"
        yield problem("keys", f"Others than its owner may use {path}.", f"chmod {mend} {path}")
    foreign = [path for path in folder.glob("*.key") if path.stat().st_uid != os.geteuid()]
    if foreign:
        yield warning(
            "keys",
            f"{foreign[0]} belongs to another user than the one who asks.",
            "Ask as the user that runs the gateway.",
        )
    try:
        Keyring.open(folder, settings.key_passphrase)
    except (AuditError, ConfigurationError) as error:
        yield problem("keys", f"The keys cannot be opened: {error}.", "Check keys.passphrase and the files' backup.")
        return
    if not open_:
        yield good("keys", "The keys are there, their owner's alone, and can be opened.")
    if not settings.keys.passphrase:
        yield warning(
            "keys", "The key files have no passphrase.", "Make production keys with lexgate init --production."
        )


def store(settings: Settings, *, full: bool = False) -> Iterator[Finding]:
    """The store: of this version's schema, whole, and what the keys say it was."""
    from audit.keys import Keyring
    from audit.store.inspect import verify_store
    from audit.store.migrate import require_current
    from audit.store.sqlite import Error, connect_reader

    path = settings.store_path
    if not path.exists():
        yield good("store", f"There is no store at {path} yet: lexgate serve makes one.")
        return
    yield from _private(path)
    try:
        require_current(path)
        with closing(connect_reader(path)) as connection:
            yield from _dated(connection)
            if path.stat().st_size > LARGE and not full:
                yield good("store", "The store is of this version's schema. It is large: --full reads all of it.")
                return
            pages = [row[0] for row in connection.execute("pragma quick_check").fetchall()]
        if pages != ["ok"]:
            yield problem(
                "store", f"SQLite finds {len(pages)} faults in the store.", "Stop the gateway and restore the backup."
            )
            return
        result = verify_store(path, Keyring.open(settings.keys_dir, settings.key_passphrase))
    except SchemaMismatch as error:
        yield problem("store", f"The store is another version's: {error}.", "See docs/operations.md, Upgrading.")
        return
    except (AuditError, ConfigurationError, Error, OSError) as error:
        yield problem("store", f"The store cannot be used: {error}.", "See docs/operations.md, Backup and restore.")
        return
    if result.ok:
        yield good("store", "The store is whole, and every leaf, tile and checkpoint verifies.")
    for words in result.problems[:5]:
        yield problem(
            "store", f"The log does not verify: {words}.", "Keep the files as they are and see docs/operations.md."
        )


def _private(path: Path) -> Iterator[Finding]:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield warning("store", f"Others than its owner may use {path}.", f"chmod 600 {path}*")


def _dated(connection: object) -> Iterator[Finding]:
    """Records of the future tell of a clock that was set back."""
    newest = connection.execute("select max(time_us) from flow").fetchone()[0]  # type: ignore[attr-defined]
    if newest is not None and newest > time.time_ns() // 1000 + AHEAD_US:
        yield warning(
            "clock",
            "The latest record is dated in the future: the clock was set back.",
            "Let a time service keep the clock.",
        )


def running(settings: Settings) -> Iterator[Finding]:
    """Whether a gateway runs with this run_dir, and calls itself ready."""
    import orjson

    from gateway.telemetry.metrics import age_s

    reports = sorted((settings.run_path / "metrics").glob("worker-*.json"))
    ages = []
    for report in reports:
        try:
            ages.append(age_s(float(orjson.loads(report.read_bytes())["monotonic_s"])))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    if ages and min(ages) < 10:
        yield good("running", f"A gateway runs here: {sum(age < 10 for age in ages)} data workers have just reported.")
    else:
        yield Finding("running", Level.GOOD, "No gateway runs here at the moment.")
