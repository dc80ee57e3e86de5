"""Starts the process of a nursery. It imports while whoever starts it does, so here stands as little as it takes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from gateway.processes.parent import PARENT

NAME_ROOM = 400
"""Characters that a child has to show its own command in."""


def opened() -> tuple[subprocess.Popen[bytes], socket.socket] | None:
    """The process and our end of its door; None where children cannot be had this way."""
    if not _possible():
        return None
    door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "process-nursery", str(theirs.fileno()), " " * NAME_ROOM],
            env=dict(os.environ) | {PARENT: str(os.getpid())},
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    door.setblocking(False)
    return process, door


def _possible() -> bool:
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # an old kernel, or a sandbox that forbids it
        return False
    return True
