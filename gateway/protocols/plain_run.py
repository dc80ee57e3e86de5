"""Events that differ from one another in one string only: taken many at once.

`run(buffer, at, prefix, suffix, table, marks, most)` takes events from `at` on that are `prefix`, the inside of a JSON
string without escapes, and `suffix` (which begins with the quote), at most `most` of them. It gives (end, events, text):
where the first byte stands that it did not take, how many it took, and their texts joined.

`table` (`gateway.inspection.guard.GuardScanner.beginnings`; None: nothing is guarded): an event is taken only if nothing
guarded can begin in its text and go on behind it. `marks`: an event with `⟦`, where a placeholder may begin, is not taken.

The C extension `native/events.c` does it at memory speed; where it was not built, `plain_run_python` does.
"""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[[bytes, int, bytes, bytes, bytes | None, bool, int], tuple[int, int, str]]

run: Run

try:
    from gateway.protocols._events import run
except ImportError:  # no compiler was there when this was installed
    from gateway.protocols.plain_run_python import run

__all__ = ["run"]
