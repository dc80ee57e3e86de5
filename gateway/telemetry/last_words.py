"""What a process says of an exception that nobody caught: one line of the log, never a traceback.

An error about the installation says what is wrong with it; of any other only kind and place are said, because its message
may quote a call.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from types import TracebackType

import structlog

from audit.errors import KeysUnusable, StoreUnusable
from gateway.errors import ConfigurationError, Unavailable

OURS = (ConfigurationError, KeysUnusable, StoreUnusable, Unavailable)
"""Errors about the installation, in sentences of ours."""
FRAMES = 6

log = structlog.get_logger("lexgate.process")


def install() -> None:
    """From now on uncaught exceptions of this process, its threads and its finalizers are said this way."""
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, where: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    if isinstance(error, OURS):
        problem = str(error)
        log.error("ended by what an operator can mend", error=kind.__name__, problem=problem)
        return
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(where)[-FRAMES:]]
    cause = _cause(error)
    log.error("an error that nobody caught", error=kind.__name__, cause=cause, frames=frames)


def _cause(error: BaseException | None) -> str:
    """What the system or SQLite had to say of it, by its number alone: `No space left on device`, `SQLITE_FULL`."""
    known: set[int] = set()
    while error is not None and id(error) not in known:
        known.add(id(error))
        if isinstance(error, OSError) and error.errno is not None:
            return os.strerror(error.errno)
        name = getattr(error, "sqlite_errorname", None) or getattr(
            getattr(error, "orig", None), "sqlite_errorname", None
        )
        if isinstance(name, str) and name != "SQLITE_ERROR":
            return name
        error = error.__cause__ or error.__context__
    return ""
