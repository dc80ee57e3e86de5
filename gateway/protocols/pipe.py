"""From what a provider's connection has read to what a caller's connection sends, in one call: `Pipe`.

Only for whole chunks of HTTP whose events one lane takes to the last (`plain_run`), while the caller reads what it is sent. All
else is left as if nobody had looked at it, to those who look closer. The C extension is a part of `native/events.c`; where it was
not built, `pipe_python` does it.
"""

from __future__ import annotations

try:
    from gateway.protocols._events import Pipe
except ImportError:  # no compiler was there when this was installed
    from gateway.protocols.pipe_python import Pipe  # type: ignore[assignment]

__all__ = ["Pipe"]
