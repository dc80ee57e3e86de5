"""Builds the C extensions in `native/` beside the Python modules that use them, where a C compiler and Python's headers are.

Each has a Python implementation too, which the tests hold it against and which runs where no extension was built.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

EXTENSIONS = {
    "native/scan.c": "gateway/protocols/_scan",
    "native/events.c": "gateway/protocols/_events",
    "native/heads.c": "gateway/_heads",
    "native/keyed.c": "gateway/_keyed",
    "native/limits.c": "gateway/admission/_limits",
    "native/lineage.c": "gateway/lineage/_lineage",
    "native/seal.c": "audit/_seal",
    "native/frames.c": "audit/_frames",
    "native/entropy.c": "gateway/inspection/_entropy",
    "native/intake.c": "audit/_intake",
    "native/codes.c": "gateway/inspection/_codes",
    "native/glance.c": "gateway/inspection/_glance",
    "native/mail.c": "gateway/inspection/_mail",
    "native/hits.c": "gateway/inspection/_hits",
    "native/tagger.c": "gateway/inspection/names/_tagger",
    "native/fingerprint.c": "watermark/_fingerprint",
}
FLAGS = (
    "-std=c11",
    "-O3",
    "-g0",
    "-fPIC",
    "-shared",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
    "-fno-strict-aliasing",
)


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles before a wheel or an editable install is made. `LEXGATE_PURE=1` builds none."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or os.environ.get("LEXGATE_PURE") == "1":
            return
        root = Path(self.root)
        compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
        include = sysconfig.get_path("include")
        missing = _missing(compiler[0], Path(include))
        if missing:
            self.app.display_warning(f"{missing}: no C extension is built, the slower Python code runs instead.")
            return
        for source, module in EXTENSIONS.items():
            target = f"{module}{sysconfig.get_config_var('EXT_SUFFIX')}"
            # `PyInit_…` is exported by its own attribute; everything else stays inside.
            command = [*compiler, *FLAGS, f"-I{include}", "-o", str(root / target), str(root / source), "-lm", "-ldl"]
            subprocess.run(command, check=True)
            build_data["artifacts"].append(target)
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def _missing(compiler: str, include: Path) -> str:
    """What is not here of the two things that building needs."""
    if shutil.which(compiler) is None:
        return f"The C compiler {compiler!r} is missing"
    return "" if (include / "Python.h").exists() else f"Python's headers are missing from {include}"
