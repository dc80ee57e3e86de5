"""What a pass over a text hit; in C where it was built."""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

from gateway.inspection import hits_python

Hits: Any = hits_python.Hits
with contextlib.suppress(ImportError):  # no compiler was there when this was installed
    Hits = importlib.import_module("gateway.inspection._hits").Hits
