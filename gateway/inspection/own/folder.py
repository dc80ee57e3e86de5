"""Where an organisation's own detectors lie, staged under one version: what is checked is what inspectors load.

Layout of a staged folder: `recognizers.yaml`, `dictionaries.yaml`, and for each tenant `<tenant>/tables/*.npz` and
`<tenant>/documents/*.npz`. The version is the digest of all of it.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import ConfigurationError
from gateway.flow import Span
from gateway.inspection.own import dictionaries, recognizers
from gateway.inspection.own.version import Own

FOLDER = "own"
RECOGNIZERS, DICTIONARIES = "recognizers.yaml", "dictionaries.yaml"
_KEPT = 8
"""Tenants' detectors that an inspector keeps loaded."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What is configured; "" for nothing. `registered` holds what was registered by command."""

    recognizers: str
    dictionaries: str
    registered: Path

    def files(self) -> Iterator[tuple[str, Path]]:
        """(name in the staged folder, path), in order."""
        if self.recognizers:
            yield RECOGNIZERS, Path(self.recognizers)
        if self.dictionaries:
            yield DICTIONARIES, Path(self.dictionaries)
        if self.registered.is_dir():
            for path in sorted(self.registered.glob("*/*/*.npz")):
                yield str(path.relative_to(self.registered)), path

    def signature(self) -> tuple[tuple[str, int, int, int], ...]:
        """Changes whenever a file does."""
        found = []
        for name, path in self.files():
            try:
                about = path.stat()
                found.append((name, about.st_ino, about.st_size, about.st_mtime_ns))
            except OSError:
                found.append((name, 0, 0, 0))
        return tuple(found)


def stage(sources: Sources, run_dir: Path) -> tuple[Own, Path | None]:
    """Copies everything into a folder named by its digest. Raises ConfigurationError: not readable. Not checked yet."""
    contents: list[tuple[str, bytes]] = []
    for name, path in sources.files():
        try:
            contents.append((name, path.read_bytes()))
        except OSError as problem:
            raise ConfigurationError(f"{path}: {problem.strerror}") from problem
    if not contents:
        return Own(), None
    digest = hashlib.sha256()
    for name, content in contents:
        digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    version = digest.hexdigest()[:24]
    folder = run_dir / FOLDER / version
    if not folder.exists():
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent))
        for name, content in contents:
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).write_bytes(content)
        try:
            draft.replace(folder)
        except OSError:  # somebody else was first
            shutil.rmtree(draft)
    return own_of(folder), folder


def own_of(folder: Path) -> Own:
    """Whom a staged folder concerns. Raises ConfigurationError."""
    limited: set[str] = {path.parent.parent.name for path in folder.glob("*/*/*.npz")}
    everyone = (folder / RECOGNIZERS).exists()
    if (folder / DICTIONARIES).exists():
        for each in dictionaries.read(folder / DICTIONARIES):
            everyone = everyone or not each.tenants
            limited |= set(each.tenants)
    return Own(folder.name, everyone, frozenset(limited))


def check(folder: Path) -> None:
    """Loads, compiles and tries everything. Raises ConfigurationError naming what cannot be used."""
    from gateway.inspection.own import documents, tables  # numpy: the supervisor, who stages, does without

    if (folder / RECOGNIZERS).exists():
        recognizers.check(recognizers.read(folder / RECOGNIZERS))
    if (folder / DICTIONARIES).exists():
        dictionaries.DictionaryScanner(dictionaries.read(folder / DICTIONARIES))
    for path in folder.glob("*/tables/*.npz"):
        tables.load(path)
    for path in folder.glob("*/documents/*.npz"):
        documents.load(path)


class Finder:
    """A tenant's own detectors, loaded. Belongs to one thread."""

    def __init__(self, folder: Path, tenant: str) -> None:
        from gateway.inspection.own import documents, tables

        custom = folder / RECOGNIZERS
        words = folder / DICTIONARIES
        self._custom = recognizers.CustomScanner(recognizers.read(custom)) if custom.exists() else None
        mine = (
            [each for each in dictionaries.read(words) if not each.tenants or tenant in each.tenants]
            if words.exists()
            else []
        )
        self._words = dictionaries.DictionaryScanner(tuple(mine))
        self._tables = tables.TableFinder(
            [tables.load(path) for path in sorted((folder / tenant / "tables").glob("*.npz"))]
        )
        self._documents = documents.DocumentFinder(
            [documents.load(path) for path in sorted((folder / tenant / "documents").glob("*.npz"))]
        )

    def find(self, text: str, key: bytes) -> tuple[list[Span], list[Span]]:
        """(spans of values, classes of the whole text). `text` is normalised; `key` is the tenant's."""
        spans = self._custom.find(text) if self._custom is not None else []
        return [*spans, *self._words.find(text), *self._tables.find(text, key)], self._documents.find(text, key)


class Finders:
    """The finders of an inspector, by version and tenant; the least recently used leave."""

    def __init__(self, run_dir: Path) -> None:
        self._folder = run_dir / FOLDER
        self._loaded: OrderedDict[tuple[str, str], Finder] = OrderedDict()

    def get(self, version: str, tenant: str) -> Finder:
        """Raises ConfigurationError, FileNotFoundError: then the call is refused."""
        name = (version, tenant)
        found = self._loaded.get(name)
        if found is None:
            folder = self._folder / version
            if not version.isalnum() or not folder.is_dir():
                raise ConfigurationError("this version of the organisation's own detectors is not staged")
            found = self._loaded[name] = Finder(folder, tenant)
            if len(self._loaded) > _KEPT:
                self._loaded.popitem(last=False)
        self._loaded.move_to_end(name)
        return found
