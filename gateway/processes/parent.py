"""The end of a child whose parent has ended."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PARENT = "LEXGATE_PARENT"
_PR_SET_PDEATHSIG = 1


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Asks the kernel for a signal when the supervisor dies, however it dies. Linux only; elsewhere a no-op.

    The supervisor says who it is: one that died before we could ask is noticed, too.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    parent = os.environ.pop(PARENT, "")
    if parent and int(parent) != os.getppid():
        os.kill(os.getpid(), signal.SIGKILL)
