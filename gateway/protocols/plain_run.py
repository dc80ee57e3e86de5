"""Events that differ from one another in one string only: taken many at once.

`run(buffer, at, prefix, suffix, before, behind, table, marks, held, most)` takes events from `at` on that are `prefix`, the
inside of a JSON string without escapes, and `suffix` (which begins with the quote), at most `most` of them. It gives
(end, count, text, events, held): where the first byte stands that it did not take, how many it took, their texts joined, the
events as they go on (`before`, what of the text goes on, `behind`), and what is held back at the end.

`table` (`gateway.inspection.guard.GuardScanner.beginnings`; None: nothing is guarded): an event is taken only if it is clear
what has to be held back of it; `held`: what was held back before. `marks`: an event with `⟦`, where a placeholder may begin,
is not taken.

The C extension `native/events.c` does it at memory speed; where it was not built, `plain_run_python` does.
"""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[
    [bytes, int, bytes, bytes, bytes, bytes, bytes | None, bool, bytes, int], tuple[int, int, str, bytes, str]
]

run: Run

try:
    from gateway.protocols._events import run
except ImportError:  # no compiler was there when this was installed
    from gateway.protocols.plain_run_python import run

__all__ = ["run"]
