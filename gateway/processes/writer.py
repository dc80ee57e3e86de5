"""The log writer: the one process that owns the store."""

from __future__ import annotations

from pathlib import Path

import uvloop

from audit.keys import Keyring
from audit.service import run
from gateway import child, logs
from gateway.effective import Effective

SOCKET = "log.sock"


def main(effective: Path) -> None:
    """Runs until SIGTERM; drains what it has been given, then ends. A failed write ends it at once."""
    logs.configure("log-writer")
    settings = Effective.read(effective).settings
    keyring = Keyring.open(settings.keys_dir, settings.key_passphrase)
    uvloop.run(run(settings.store_path, keyring, settings.run_path / SOCKET, settings.log_origin, child.say_ready))
