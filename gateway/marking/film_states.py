"""What is known of the films that jobs made: that one is marked, or why it could not be. Shared by all data workers.

One small file for each film and each set of marks that it was to carry, in a folder of `run_dir`; its name is a keyed hash
of tenant, principal and job, so that it tells nothing and another principal's job has another name. Who marks a film holds
a lock (a byte of one file, POSIX record lock), which the system takes back from a process that dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import orjson

FOLDER = "films"
DAYS = 30
"""How long a film is known: as long as its job can be asked for."""
MOST = 20_000
"""Films that are known; the oldest are forgotten first."""
_LOCKS, _GONE = "locks", "gone"


@dataclass(frozen=True, slots=True)
class FilmState:
    """`ready`: it was marked by call `flow`. `failed`: it was not, `tries` times, the last time at `at` (seconds since 1970)."""

    state: Literal["ready", "failed"]
    flow: str
    at: float
    tries: int = 0
    final: bool = False  # trying again would end alike
    code: str = ""
    message: str = ""


class FilmStates:
    """Belongs to one process. `key(purpose, context)` gives 32 bytes."""

    def __init__(self, folder: Path, key: Callable[[str, str], bytes], clock: Callable[[], float] = time.time) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder
        self._key = key
        self.clock = clock
        self._locks = os.open(folder / _LOCKS, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        os.close(self._locks)

    def job(self, tenant: str, principal: str, job: str) -> str:
        """The name of a principal's job."""
        fields = [part.encode() for part in (tenant, principal, job)]
        message = b"".join(len(part).to_bytes(4, "big") + part for part in fields)
        return hmac.digest(self._key("film", tenant), message, "sha256")[:16].hex()

    def get(self, name: str) -> FilmState | None:
        """What is known of a film; None for one that was not tried."""
        try:
            return FilmState(**orjson.loads((self._folder / name).read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def put(self, name: str, state: FilmState) -> None:
        """Keeps it. Raises OSError."""
        self._make_room()
        draft = self._folder / f"{name}.new"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(orjson.dumps(asdict(state)))
        draft.replace(self._folder / name)

    def films_of(self, job: str) -> list[str]:
        """The names of what is known of one job."""
        return [path.name for path in self._folder.glob(f"{job}-*") if path.suffix != ".new"]

    def forget(self, job: str) -> None:
        """The job was deleted: nothing is known of it from now on, nor kept of what is being marked. Raises OSError."""
        (self._folder / f"{job}.{_GONE}").touch(mode=0o600)
        for name in self.films_of(job):
            (self._folder / name).unlink(missing_ok=True)

    def is_gone(self, job: str) -> bool:
        return (self._folder / f"{job}.{_GONE}").exists()

    def lock(self, name: str) -> bool:
        """Whether this process may mark this film now: no other one does. Not for two tasks of one process."""
        try:
            fcntl.lockf(self._locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _byte_of(name))
        except OSError:
            return False
        return True

    def unlock(self, name: str) -> None:
        fcntl.lockf(self._locks, fcntl.LOCK_UN, 1, _byte_of(name))

    def _make_room(self) -> None:
        known: list[tuple[float, Path]] = []
        for entry in os.scandir(self._folder):
            with contextlib.suppress(OSError):
                if entry.name != _LOCKS:
                    known.append((entry.stat().st_mtime, Path(entry.path)))
        known.sort()
        oldest = self.clock() - DAYS * 86_400
        self._remove([path for number, (at, path) in enumerate(known) if at < oldest or number <= len(known) - MOST])

    @staticmethod
    def _remove(paths: Sequence[Path]) -> None:
        for path in paths:
            path.unlink(missing_ok=True)


def _byte_of(name: str) -> int:
    """The byte that stands for a film: names are hashes, so no two share one."""
    return int(name.replace("-", "")[:15], 16)
