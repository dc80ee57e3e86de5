"""Where a text may have code that stands for another text, or source code, before anybody looks closely."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from gateway.inspection import codes_python

shifts: Callable[[str], int] = codes_python.shifts
"""From which of its first four signs on Base64 may be a text, as bits; with `IN_FIVES` and `IN_UTF16`."""
base64_runs: Callable[[str], list[tuple[int, int, int]]] = codes_python.base64_runs
"""(start, end, shifts) of what may be code in Base64, or begin several rows of it."""
hex_runs: Callable[[str], list[tuple[int, int, int]]] = codes_python.hex_runs
"""(begin, first, end) of hexadecimal digits that may be a text: where they are announced, begin, and end."""
source_signs: Callable[[str, int], bool] = codes_python.source_signs
"""Whether a text has so many lines' ends, and a sign of source code."""
try:
    _native = importlib.import_module("gateway.inspection._codes")
    shifts, base64_runs, hex_runs, source_signs = (
        _native.shifts,
        _native.base64_runs,
        _native.hex_runs,
        _native.source_signs,
    )
except ImportError:  # no compiler was there when this was installed
    pass
