"""Runs one of the Node clients and returns what it tells: `tell("openai", "stream", url=…, key=…)`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MISSING = (
    ""
    if shutil.which("node") and (HERE / "node_modules").is_dir()
    else "node or its modules are missing: make install-dev"
)
"""Why these clients cannot run here; empty when they can. For pytest.mark.skipif."""


def tell(sdk: str, scenario: str, *, url: str, key: str, model: str, prompt: str = "Say hello.") -> dict[str, Any]:
    """`sdk` is "openai" or "anthropic". Keys: text, tool_calls, finish, usage, flow, decision, grade; or error."""
    environment = {**os.environ, "LEXGATE_URL": url, "LEXGATE_KEY": key, "MODEL": model, "PROMPT": prompt}
    command = ["node", str(HERE / f"{sdk}_client.mjs"), scenario]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=150, check=True)
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome
