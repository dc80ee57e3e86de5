"""Whether what marking needs is installed: the extra `media`."""

from __future__ import annotations

import importlib.util

NEEDED = ("PIL", "c2pa", "cv2", "mutagen", "pikepdf", "av")


def unavailable(processes: int) -> str:
    """Why outputs that are no text cannot be marked here, in a sentence; "" where they can."""
    if not processes:
        return "outputs that are no text cannot be marked here: marking.processes is 0"
    if all(importlib.util.find_spec(name) is not None for name in NEEDED):
        return ""
    return "outputs that are no text cannot be marked here: install Lexgate with the extra `media` (pip install 'lexgate[media]')"
