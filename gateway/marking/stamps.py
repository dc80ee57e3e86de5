"""Time-stamps that an authority did not give in time: asked for again until it does.

A manifest made while the authority (RFC 3161) is down goes out without a time-stamp; the call does not wait. What is
queued is the output's keyed digest, as the record holds it: neither the disk nor the authority learns anything of the
content. The token that comes later stands beside the record and proves that the output existed by then.

    stamps/FLOW-INDEX.due     the digest (hex) that waits        stamps/FLOW-INDEX.tst     its token (DER, RFC 3161)
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

import structlog

from gateway.errors import Unavailable
from watermark.manifest.timestamp import token_for

FOLDER = "stamps"
EVERY_SECONDS = 30.0
BATCH = 64
DUE, TOKEN = ".due", ".tst"

log = structlog.get_logger("lexgate.stamps")


class Stamps:
    """A queue in a folder. Any worker adds to it; one of them asks the authority."""

    def __init__(self, folder: Path, authority: str) -> None:
        self._folder = folder
        self._authority = authority

    @property
    def wanted(self) -> bool:
        """Whether an authority is configured."""
        return bool(self._authority)

    def add(self, produce_id: str, digest: str) -> None:
        """Queues one output's digest, durably. Raises Unavailable when that fails: nothing is lost in silence."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._write(self._folder / f"{produce_id}{DUE}", digest.encode())
        except OSError:
            raise Unavailable("a time-stamp that is due could not be noted, so the output was not delivered") from None

    def due(self) -> list[Path]:
        """What waits, the oldest first."""
        return sorted(self._folder.glob(f"*{DUE}")) if self._folder.exists() else []

    def token(self, produce_id: str) -> bytes | None:
        """The token that an output got later, if there is one."""
        try:
            return (self._folder / f"{produce_id}{TOKEN}").read_bytes()
        except OSError:
            return None

    def ask(self) -> int:
        """Asks for what waits, some of it; how much is left. The authority's silence ends the round."""
        waiting = self.due()
        for number, path in enumerate(waiting[:BATCH]):
            token = token_for(self._authority, path.read_bytes())
            if token is None:
                return len(waiting) - number
            self._write(path.with_suffix(TOKEN), token)
            path.unlink(missing_ok=True)
        return max(0, len(waiting) - BATCH)

    async def run(self, every: float = EVERY_SECONDS) -> None:
        """Asks again and again."""
        while self.wanted:
            await asyncio.sleep(every)
            with contextlib.suppress(OSError):  # tried again in the next round
                if left := await asyncio.to_thread(self.ask):
                    log.warning("time-stamps are due: the authority does not answer", due=left)

    def _write(self, path: Path, data: bytes) -> None:
        draft = path.with_suffix(path.suffix + ".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)  # the name, too, is there after a crash
        finally:
            os.close(folder)
