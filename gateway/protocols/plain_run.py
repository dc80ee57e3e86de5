"""Events that differ from one another in one text, and in numbers and words beside it: taken many at once, and guarded.

`Automaton`: the guard's expressions (`gateway.inspection.guard.GuardScanner.automaton`). `Lane`: the events of one form and
the text that they say piece by piece. An event is taken only if it is clear what of its text has to be held back, and that
nothing guarded begins in what is known of it; where placeholders are restored, none with `⟦`, where one may begin; of a text
that is JSON itself, none with a backslash. Those are left to whoever looks closer.

The C extension `native/events.c` does it at memory speed; where it was not built, `plain_run_python` does.
"""

from __future__ import annotations

try:
    from gateway.protocols._events import Automaton, Lane
except ImportError:  # no compiler was there when this was installed
    from gateway.protocols.plain_run_python import Automaton, Lane  # type: ignore[assignment]

__all__ = ["Automaton", "Lane"]
