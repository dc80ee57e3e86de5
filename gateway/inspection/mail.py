"""Mail addresses of the usual form: an application sends many, so they are read in C where it was built."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable

from gateway.inspection import mail_python

address: Callable[[str, int], tuple[int, int, bool] | None] = mail_python.address
"""Where the address around an `@` begins and ends, and whether another may stand there with a dot in words."""
with contextlib.suppress(ImportError):  # no compiler was there when this was installed
    address = importlib.import_module("gateway.inspection._mail").address
