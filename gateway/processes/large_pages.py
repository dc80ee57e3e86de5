"""Memory of a process that waits most of the time, in large pages: fewer looks into page tables when it goes on.

What an inspector reads for one text (patterns, weights, the interpreter's objects) lies on thousands of small pages, and
between two calls other processes drive their addresses out of the processor. In a virtual machine each of them is looked
up twice. Where the kernel cannot do it (before Linux 6.1), or an operator has switched large pages off, nothing happens.
"""

from __future__ import annotations

import ctypes
import os
from array import array
from collections.abc import Iterator
from pathlib import Path

LARGE = 2 * 1024 * 1024
"""Bytes of a large page, on x86-64 and on most others; where it is another size the kernel does nothing."""
_SMALL = os.sysconf("SC_PAGE_SIZE")
_PAGES = LARGE // _SMALL
_MADV_COLLAPSE = 25
_PRESENT = 1 << 63  # of an entry of /proc/self/pagemap
_WORTH = 0.75
"""Of a large page so much is in use already: else it would take memory that nobody needs."""
_SWITCH = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def into_large_pages() -> int:
    """Moves what this process has in memory of its own into large pages; how many there are now that were not before.

    Takes about a millisecond of CPU for each. Pages that were shared with the process that forked this one no longer are.
    What was freed is given back before: of compiling patterns 30 MB that nobody would ask for again.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):  # in glibc it is
        libc.malloc_trim(0)
    try:
        if "[never]" in _SWITCH.read_text():
            return 0
        ranges = list(_ranges())
    except OSError:  # another system, or one that does not let us see
        return 0
    advise = libc.madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return sum(advise(begin, LARGE, _MADV_COLLAPSE) == 0 for begin in ranges)


def _ranges() -> Iterator[int]:
    """Where large pages may begin: in private memory without a file behind it, most of it in use."""
    with Path("/proc/self/pagemap").open("rb", buffering=0) as pagemap:
        for line in Path("/proc/self/maps").read_text().splitlines():
            bounds, rights, _, _, inode, *name = line.split(maxsplit=5)
            if not rights.startswith("rw-p") or inode != "0" or (name and name[0] != "[heap]"):
                continue
            begin, end = (int(each, 16) for each in bounds.split("-"))
            for at in range(-(-begin // LARGE) * LARGE, end - LARGE + 1, LARGE):
                entries = array("Q", os.pread(pagemap.fileno(), 8 * _PAGES, at // _SMALL * 8))
                if sum(entry >= _PRESENT for entry in entries) >= _WORTH * _PAGES:
                    yield at
