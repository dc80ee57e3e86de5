"""A bundle may ask for the guard `names`: an answer that names somebody the request did not name is stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from policies.bundle import load
from tests.e2e.product import Product, running
from tests.providers.behaviour import says

pytestmark = pytest.mark.e2e

RULE = """package lexgate

hits contains {
	"id": "test.guard.names",
	"effect": "log",
	"citation": "internal TEST-1",
	"message": "answers name nobody new",
	"remedy": "none is needed",
	"guard": "names",
}
"""
SAID = "We meet on Monday. Please call Maria Schneider tomorrow. Goodbye."


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder: Path = tmp_path_factory.mktemp("guarded")
    for name, content in {**load("builtin:strict").files, "guard.rego": RULE.encode()}.items():
        target = folder / "bundle" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    with running(folder, policies={"bundle": "./bundle"}) as product:
        yield product


def saying(text: str) -> str:
    return f"home/{says(text)}"


def streamed(product: Product, question: str) -> tuple[str, str]:
    """(text, finish reason) of a streamed chat answer."""
    body = {"model": saying(SAID), "stream": True, "messages": [{"role": "user", "content": question}]}
    url = f"{product.url}/v1/chat/completions"
    answer = httpx.post(url, headers=product.headers(), content=json.dumps(body), timeout=60)
    assert answer.status_code == 200, answer.text
    lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    choices = [choice for line in lines[:-1] for choice in json.loads(line)["choices"]]
    text = "".join(choice["delta"].get("content") or "" for choice in choices)
    return text, next(choice["finish_reason"] for choice in reversed(choices) if choice["finish_reason"])


def test_a_name_the_request_did_not_carry_stops_the_answer(guarded: Product) -> None:
    text, finish = streamed(guarded, "Whom shall I call?")
    assert (text, finish) == ("We meet on Monday. Please call ", "content_filter")
    whole = guarded.chat("Whom shall I call?", saying(SAID)).json()["choices"][0]
    assert (whole["message"]["content"], whole["finish_reason"]) == (text, "content_filter")


def test_a_name_the_request_carried_passes(guarded: Product) -> None:
    question = "Shall I call Maria Schneider?"
    assert streamed(guarded, question) == (SAID, "stop")
    assert guarded.chat(question, saying(SAID)).json()["choices"][0]["message"]["content"] == SAID
