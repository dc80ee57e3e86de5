"""LangChain and LlamaIndex, their base URL changed and nothing else: whole, streamed, and in a loop with a tool they run."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.coding_agents import Session, session
from tests.e2e.product import Product
from tests.providers.answers import Block
from tests.providers.scripted import Conversation, call, text

HERE = Path(__file__).parent / "clients"
PYTHON = HERE / ".venv/bin/python"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not PYTHON.exists(), reason="the frameworks' own environment is missing: make install-dev"),
]

FRAMEWORKS = ("langchain", "llamaindex")
FAMILIES = ("openai", "anthropic")
PROMPT = "Look up our customer Maria Schneider, phone +49 151 23456789, and say hello."
VALUES = ("Maria Schneider", "+49 151 23456789")


def run(product: Product, framework: str, family: str, scenario: str, model: str) -> dict[str, Any]:
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(product.folder), "LEXGATE_URL": product.url, "MODEL": model,
        "LEXGATE_KEY": product.callers["crm"].key, "PROMPT": PROMPT, "LANGSMITH_TRACING": "false",
    }  # fmt: skip
    done = subprocess.run(
        [str(PYTHON), str(HERE / "frameworks.py"), framework, family, scenario],
        env=environment, capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def model_with_a_tool(conversation: Conversation) -> list[Block]:
    """Calls the tool with what it was asked for, then says what came back."""
    if not conversation.calls:
        return [call("look_up", text=conversation.asked)]
    return [text(f"Hello! {conversation.results[-1]}")]


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with session(tmp_path_factory.mktemp("frameworks"), model_with_a_tool, "look_up") as started:
        yield started


@pytest.mark.parametrize("scenario", ["whole", "stream"])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_answers_are_restored(product: Product, framework: str, family: str, scenario: str) -> None:
    told = run(product, framework, family, scenario, "echo/size-5")
    assert told["text"] == PROMPT
    assert not [value for value in VALUES if value in product.requests()[-1]["body"].decode()]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_tool_runs_with_real_values_in_a_loop(working: Session, framework: str, family: str) -> None:
    before = len(working.provider.requests)
    told = run(working.product, framework, family, "agent", "agent-model")
    assert working.provider.failures == []
    assert told["called"] == [PROMPT]
    assert told["text"] == f"Hello! found: {PROMPT}"
    assert len(working.provider.requests) == before + 2
    seen = working.seen()
    assert not [value for value in VALUES if value in seen]
