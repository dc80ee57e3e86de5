"""onnxruntime, kept from telling its maker of us.

Since version 1.29 its Linux wheels collect what process and machine they run in and which models they load, and send it to
Microsoft, unless this variable says otherwise before the library is loaded (not so where `CI` is set, so that tests do not
see it). A process that reads callers' contents shall know no host at all.
"""

from __future__ import annotations

import importlib
import os
from typing import Any


def onnxruntime() -> Any:
    """The module, silent. Where somebody else has loaded it before, it is silent from now on."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    module = importlib.import_module("onnxruntime")
    module.disable_telemetry_events()
    return module
