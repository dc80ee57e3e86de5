"""Backups: a consistent copy taken while the log writer works, and putting one back without forking the log.

A backup holds the database (user keys in it are wrapped), what a dead log writer left in its journal, the latest
checkpoint, what format it is, and files that the caller keeps beside the store; private keys only when asked for. After restoring an older state, the high-water mark beside the keys is ahead of the store and the
log writer refuses to start; `accept_loss` records what is gone in a leaf and goes on as a new generation.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from audit.errors import KeysUnusable, StoreUnusable
from audit.head import read_head
from audit.keys import Keyring
from audit.sequencer import Log
from audit.store.batch import size_of
from audit.store.inspect import verify_store
from audit.store.journal import journal_path, read_journal, sync_folder
from audit.store.migrate import REVISION, revision
from audit.store.sqlite import connect_reader, driver, only_writer

FORMAT = "lexgate-backup/1"
_DATABASE, _MANIFEST, _CHECKPOINT, _KEYS = "lexgate.db", "backup.json", "checkpoint", "keys"
_JOURNAL, _BESIDE = "journal", "beside"
_KEY_FILES = ("log-signing.key", "kek.key", "root.key", "log.vkey")


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup says of itself."""

    schema: str
    origin: str
    generation: int
    size: int
    made: str
    with_keys: bool


def backup(path: Path, keys_dir: Path, target: Path, *, with_keys: bool = False, beside: Sequence[Path] = ()) -> Backup:
    """Copy the store at `path` to `target`: a new folder, or a new .tar, .tar.gz or .tgz file.

    `beside`: other files that belong to the store; one that is not there is left out.
    """
    if target.exists() and (target.is_file() or any(target.iterdir())):
        raise StoreUnusable(f"{target} exists already; a backup does not overwrite")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not _is_archive(target):
        return _copy(path, keys_dir, target, with_keys, beside)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as name:
        made = _copy(path, keys_dir, Path(name) / "lexgate-backup", with_keys, beside)
        temporary = Path(name) / "archive"
        with tarfile.open(temporary, "w" if target.suffix == ".tar" else "w:gz") as archive:
            archive.add(Path(name) / "lexgate-backup", "lexgate-backup")
        temporary.chmod(0o600)
        _sync(temporary)
        temporary.replace(target)
        sync_folder(target.parent)
    return made


def _copy(path: Path, keys_dir: Path, folder: Path, with_keys: bool, beside: Sequence[Path]) -> Backup:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = folder / _DATABASE
    with closing(connect_reader(path)) as source, closing(driver.connect(str(database))) as copy:
        source.backup(copy)
        copy.execute("pragma journal_mode=delete")
        meta = dict(copy.execute("select key, value from meta"))
        size = size_of(copy)
        note = copy.execute("select note from checkpoint order by second desc limit 1").fetchone()
    database.chmod(0o600)
    made = Backup(
        schema=revision(database) or "",
        origin=meta.get("origin", ""),
        generation=int(meta.get("generation", "1")),
        size=size,
        made=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        with_keys=with_keys,
    )
    (folder / _CHECKPOINT).write_text(note[0] if note else "")
    _copy_journal(path, folder / _JOURNAL, size)
    for file in beside:
        if file.exists():
            (folder / _BESIDE).mkdir(mode=0o700, exist_ok=True)
            shutil.copy2(file, folder / _BESIDE / file.name)
    if with_keys:
        (folder / _KEYS).mkdir(mode=0o700)
        for name in _KEY_FILES:
            if (keys_dir / name).exists():
                shutil.copy2(keys_dir / name, folder / _KEYS / name)
    for file in folder.rglob("*"):
        if file.is_file():
            _sync(file)
    document = {"format": FORMAT} | {name: getattr(made, name) for name in Backup.__slots__}
    (folder / _MANIFEST).write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    _sync(folder / _MANIFEST)
    sync_folder(folder)
    return made


def _copy_journal(path: Path, target: Path, size: int) -> None:
    """What the copy of the store, of `size` leaves, does not have yet and its journal has: the next start takes it in."""
    journal = journal_path(path)
    if journal.exists():
        shutil.copyfile(journal, target)
        target.chmod(0o600)
        left = read_journal(target)
        # A log writer that works has folded it into the store meanwhile, or begun it anew: then it is of no use here.
        if left is None or not (left.unreadable(size) is not None or (left.base <= size and left.after(size))):
            target.unlink()


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and by how many leaves the store is now behind what was signed (0: nothing is missing)."""

    backup: Backup
    behind: int


def restore(source: Path, path: Path, keys_dir: Path, passphrase: str = "", *, beside: Sequence[Path] = ()) -> Restored:
    """Put a backup back at `path`, verified first. StoreUnusable when there is a store already, or the copy is bad.

    `beside`: where files that belong to the store stand; one that is there already stays as it is.
    """
    with _unpacked(source) as folder, only_writer(path):
        if path.exists() and not _is_empty(path):
            raise StoreUnusable(f"{path} exists already; move it away first: it may be all that proves what happened")
        made = read_manifest(folder)
        if made.schema > REVISION:
            raise StoreUnusable(f"the backup has schema {made.schema}, newer than this program's {REVISION}")
        keyring = _keys(folder, keys_dir, passphrase)
        temporary = path.with_name(path.name + ".restoring")
        shutil.copyfile(folder / _DATABASE, temporary)
        temporary.chmod(0o600)
        try:
            if made.schema == REVISION:
                _require_verified(temporary, keyring)
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            _put_journal(folder / _JOURNAL, journal_path(path))
            _sync(temporary)
            temporary.replace(path)
            sync_folder(path.parent)
        finally:
            for suffix in ("", "-wal", "-shm"):
                temporary.with_name(temporary.name + suffix).unlink(missing_ok=True)
        for file in beside:
            if (folder / _BESIDE / file.name).is_file() and not file.exists():
                shutil.copy2(folder / _BESIDE / file.name, file)
        head = read_head(keys_dir, made.origin, keyring.verifier_key(made.origin))
        return Restored(made, max(0, head.checkpoint.size - made.size) if head else 0)


def _put_journal(copy: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    if copy.is_file():
        shutil.copyfile(copy, target)
        target.chmod(0o600)
        _sync(target)


def _sync(path: Path) -> None:
    """Who is told that it is there may rely on it, also after a power cut."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def accept_loss(path: Path, keyring: Keyring, origin: str, reason: str) -> tuple[int, int]:
    """Record that leaves are lost, and why, and start a new generation of the log; (generation, leaves kept)."""
    if not reason.strip():
        raise StoreUnusable("say why the loss is accepted: the reason is recorded")
    log = Log.open(path, keyring, origin, loss=reason)
    kept, generation = log.size, log.generation
    log.close()
    return generation, kept


def read_manifest(folder: Path) -> Backup:
    """What the backup in `folder` says of itself; StoreUnusable when it is none."""
    try:
        document = orjson.loads((folder / _MANIFEST).read_bytes())
        if document.pop("format") != FORMAT or not (folder / _DATABASE).is_file():
            raise StoreUnusable(f"{folder} is not a {FORMAT} backup")
        return Backup(**document)
    except (OSError, KeyError, TypeError, AttributeError, orjson.JSONDecodeError) as error:
        raise StoreUnusable(f"{folder} is not a backup ({type(error).__name__})") from error


def _keys(folder: Path, keys_dir: Path, passphrase: str) -> Keyring:
    """The keys that are there already, else those of the backup."""
    has_keys = any((keys_dir / name).exists() for name in _KEY_FILES)
    if not has_keys and (folder / _KEYS).is_dir():
        keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in sorted((folder / _KEYS).iterdir()):
            shutil.copy2(file, keys_dir / file.name)
    elif not has_keys:
        raise KeysUnusable(f"{keys_dir} has no keys and the backup brings none: put the log's keys there first")
    return Keyring.open(keys_dir, passphrase)


def _require_verified(path: Path, keyring: Keyring) -> None:
    """The copy must hold in itself. That it ends before the high-water mark is another matter, said later."""
    problems = verify_store(path, keyring, marked=False).problems
    if problems:
        raise StoreUnusable(f"the backup does not verify: {problems[0]}")


def _is_empty(path: Path) -> bool:
    """Whether the store has no leaf: what a refused first start leaves behind."""
    if revision(path) is None:
        return True
    with closing(connect_reader(path)) as connection:
        return size_of(connection) == 0


def _is_archive(path: Path) -> bool:
    return path.name.endswith((".tar", ".tar.gz", ".tgz"))


@contextmanager
def _unpacked(source: Path) -> Iterator[Path]:
    if source.is_dir():
        yield source
        return
    try:
        with tempfile.TemporaryDirectory(prefix="lexgate-restore-") as name:
            with tarfile.open(source) as archive:
                archive.extractall(name, filter="data")
            yield Path(name) / "lexgate-backup"
    except (tarfile.TarError, FileNotFoundError) as error:
        raise StoreUnusable(f"{source} is not a backup ({type(error).__name__})") from error
