"""A glance at a text before it is searched: nearly all of what hides values stands in nearly no text."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from gateway.inspection import glance_python

glance: Callable[[str], int] = glance_python.glance
"""The flags of a text (`glance_flags`); each is wrong only in saying yes."""
signs: Callable[[str], list[int]] = glance_python.signs
"""Where a sign stands over which a value may go on."""
said_near: Callable[[str, int, bytes], bool] = glance_python.said_near
"""Whether a word behind a place begins as number words do: see `spoken`."""
grouped: Callable[[str], list[int]] = glance_python.grouped
"""Where numbers in groups may begin, in order."""
beyond: Callable[[str, bytes], int] = glance_python.beyond
"""All kinds of the characters of a text."""
try:
    _native = importlib.import_module("gateway.inspection._glance")
    glance, signs, said_near = _native.glance, _native.signs, _native.said_near
    grouped, beyond = _native.grouped, _native.beyond
except ImportError:  # no compiler was there when this was installed
    pass
