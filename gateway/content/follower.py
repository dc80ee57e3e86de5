"""Keeps the index of what was made close behind the log, in the control process, when nobody else needs the processor."""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path

from audit.errors import AuditError
from audit.keys import Keyring
from audit.made.follow import follow
from audit.store.sqlite import Error as SqliteError

EVERY_SECONDS = 5.0
WORK_SECONDS = 0.5
"""At one go; then it rests as long, so that it takes half of what is idle at most."""

log = logging.getLogger("lexgate.content")


class Follower:
    """One thread of the lowest priority. What it has not read yet, a look reads itself (`Verifier`)."""

    def __init__(self, store: Path, keyring: Keyring) -> None:
        self._store, self._keyring = store, keyring
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lexgate-follower", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after the batch that it is at; is not waited for longer than a moment: it may have no processor."""
        self._stopped.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        if sys.platform == "linux":  # there, a thread has a priority of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        while not self._stopped.is_set():
            behind = 0
            try:
                behind = follow(self._store, self._keyring, WORK_SECONDS)
            except (AuditError, SqliteError, OSError) as error:
                log.warning("the index of what was made does not follow the log: %s", type(error).__name__)
            self._stopped.wait(WORK_SECONDS if behind > 0 else EVERY_SECONDS)
