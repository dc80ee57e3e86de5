"""The log writer: the one process that owns the store."""

from __future__ import annotations

from pathlib import Path

SOCKET = "log.sock"
"""In `run_dir`. Others import this name, so what only this process needs is imported when it begins."""


def main(effective: Path) -> None:
    """Runs until SIGTERM; drains what it has been given, then ends. A failed write ends it at once."""
    import uvloop

    from audit.keys import Keyring
    from audit.service import run
    from gateway.configuration.effective import Effective
    from gateway.processes import child
    from gateway.telemetry import logs

    logs.configure("log-writer")
    settings = Effective.read(effective).settings
    keyring = Keyring.open(settings.keys_dir, settings.key_passphrase)
    uvloop.run(run(settings.store_path, keyring, settings.run_path / SOCKET, settings.log_origin, child.say_ready))
