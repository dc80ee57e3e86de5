"""A glance at a text before it is searched: nearly all of what hides values stands in nearly no text."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from gateway.inspection import glance_python

glance: Callable[[str], int] = glance_python.glance
"""The flags of a text (`glance_flags`); each is wrong only in saying yes."""
signs: Callable[[str], list[int]] = glance_python.signs
"""Where a sign stands over which a value may go on."""
shifts: Callable[[str], int] = glance_python.shifts
"""From which of its first four signs on Base64 may be a text, as bits; with `IN_FIVES` and `IN_UTF16`."""
try:
    _native = importlib.import_module("gateway.inspection._glance")
    glance, signs, shifts = _native.glance, _native.signs, _native.shifts
except ImportError:  # no compiler was there when this was installed
    pass
