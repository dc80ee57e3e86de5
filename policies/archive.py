"""Reads the files of a bundle from a folder or an OPA `.tar.gz`, trusting neither.

Sizes, counts and names are checked while reading, before anything is parsed. Raises BundleInvalid naming the file.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final

from policies.errors import BundleInvalid

MAX_FILES: Final = 2_000
MAX_FILE_BYTES: Final = 2 << 20
MAX_TOTAL_BYTES: Final = 16 << 20
MAX_DEPTH: Final = 16
_IGNORED: Final = frozenset({".signatures.json", ".DS_Store"})


def read(path: Path) -> dict[str, bytes]:
    """The policy files (`*.rego`, `data.json`, `.manifest`) by relative POSIX path; other files are left out."""
    try:
        files = dict(_folder(path)) if path.is_dir() else dict(_tar(path))
    except OSError as error:
        raise BundleInvalid(f"cannot be read: {error.strerror or type(error).__name__}", file=str(path)) from error
    if not any(name.endswith(".rego") for name in files):
        raise BundleInvalid("holds no .rego file", file=str(path))
    return files


class _Budget:
    """What may still be read. One per bundle."""

    def __init__(self) -> None:
        self.files = MAX_FILES
        self.bytes = MAX_TOTAL_BYTES

    def take(self, name: str, size: int) -> None:
        self.files -= 1
        self.bytes -= size
        if self.files < 0:
            raise BundleInvalid(f"more than {MAX_FILES} files", file=name)
        if size > MAX_FILE_BYTES:
            raise BundleInvalid(f"larger than {MAX_FILE_BYTES >> 20} MiB", file=name)
        if self.bytes < 0:
            raise BundleInvalid(f"the bundle is larger than {MAX_TOTAL_BYTES >> 20} MiB", file=name)


def _safe(name: str) -> str:
    pure = PurePosixPath(name)
    parts = [part for part in pure.parts if part != "."]
    if pure.is_absolute() or ".." in parts or "\\" in name or "\0" in name or not parts:
        raise BundleInvalid("a path that leaves the bundle", file=name[:200])
    if len(parts) > MAX_DEPTH:
        raise BundleInvalid(f"nested deeper than {MAX_DEPTH} folders", file=name[:200])
    return "/".join(parts)


def _wanted(name: str) -> bool:
    last = name.rsplit("/", 1)[-1]
    if last in ("data.yaml", "data.yml"):
        raise BundleInvalid("YAML data is not supported; use data.json", file=name)
    return last not in _IGNORED and (last.endswith(".rego") or last == "data.json" or name == ".manifest")


def _folder(root: Path) -> Iterator[tuple[str, bytes]]:
    budget = _Budget()
    for folder, names, files in os.walk(root):
        names.sort()
        for name in (*names, *sorted(files)):
            path = Path(folder, name)
            relative = _safe(path.relative_to(root).as_posix())
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                raise BundleInvalid("a symbolic link", file=relative)
            if stat.S_ISDIR(mode):
                continue
            if not stat.S_ISREG(mode):
                raise BundleInvalid("not a regular file", file=relative)
            if _wanted(relative):
                budget.take(relative, path.stat().st_size)
                with path.open("rb") as source:
                    yield relative, _bounded(source, relative)


def _tar(path: Path) -> Iterator[tuple[str, bytes]]:
    budget = _Budget()
    try:
        with tarfile.open(name=path, mode="r:gz", fileobj=io.BytesIO(_inflated(path))) as archive:
            for entries, member in enumerate(archive):
                if entries > 4 * MAX_FILES:
                    raise BundleInvalid("too many entries", file=path.name)
                if member.isdir():
                    continue
                relative = _safe(member.name)
                if member.issym() or member.islnk():
                    raise BundleInvalid("a link", file=relative)
                if not member.isreg():
                    raise BundleInvalid("not a regular file", file=relative)
                if _wanted(relative):
                    budget.take(relative, member.size)
                    source = archive.extractfile(member)
                    if source is not None:
                        yield relative, _bounded(source, relative)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise BundleInvalid("not a gzip tar archive, or a damaged one", file=path.name) from error


def _inflated(path: Path) -> bytes:
    """The compressed bytes, after proving that they inflate to no more than the limit (a gzip bomb stops here)."""
    limit = 2 * MAX_TOTAL_BYTES
    raw = _bounded_path(path)
    stream = zlib.decompressobj(wbits=31)
    inflated = len(stream.decompress(raw, limit))
    if inflated >= limit or stream.unconsumed_tail:
        raise BundleInvalid(f"inflates to more than {limit >> 20} MiB", file=path.name)
    if not stream.eof or stream.unused_data:
        raise BundleInvalid("a damaged gzip stream, or one with data after its end", file=path.name)
    return raw


def _bounded_path(path: Path) -> bytes:
    with path.open("rb") as source:
        raw = source.read(MAX_TOTAL_BYTES + 1)
    if len(raw) > MAX_TOTAL_BYTES:
        raise BundleInvalid(f"larger than {MAX_TOTAL_BYTES >> 20} MiB", file=path.name)
    return raw


def _bounded(source: IO[bytes], name: str) -> bytes:
    content = source.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise BundleInvalid(f"larger than {MAX_FILE_BYTES >> 20} MiB", file=name)
    return content
