"""A marking worker: puts marks on pictures, recordings and films. Native decoders of foreign files live here alone."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

from audit.keys import Keyring
from gateway.configuration.effective import Effective
from gateway.marking.keys import TenantKeys
from gateway.marking.worker import Bounds, confine, serve
from gateway.processes import child
from gateway.telemetry import logs


def main(effective: Path, name: str, turns: int) -> None:
    """Runs until SIGTERM: the job that runs then is finished."""
    logs.configure(name)
    settings = Effective.read(effective).settings
    marking = settings.marking
    bounds = Bounds(marking.largest_bytes, marking.largest_pixels)
    confine(bounds)
    from watermark.marker import mark  # loads the decoders: only here

    ending = False

    def end(*_: object) -> None:
        nonlocal ending
        ending = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keys = TenantKeys(settings, Keyring.open(settings.keys_dir, settings.key_passphrase))
    child.say_ready()
    serve(socket.socket(fileno=turns), mark, keys, bounds, lambda: ending)
