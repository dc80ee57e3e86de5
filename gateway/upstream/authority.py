"""The file of an authority that a provider's certificate must come from: whether it is still the one that was read."""

from __future__ import annotations

from pathlib import Path


def authority_state(ca: str) -> tuple[int, int, int] | None:
    """What changes when the file is replaced: a reload then trusts the new one, and the old one no more.

    None where there is no file; who reads it says what is wrong with it.
    """
    try:
        status = Path(ca).stat() if ca else None
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_ino, status.st_size) if status else None
