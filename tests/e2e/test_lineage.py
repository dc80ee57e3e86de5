"""Who carried whose words on: chains over applications, workers and restarts, from the record alone, never over tenants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.e2e.product import Product, running

pytestmark = pytest.mark.e2e

ASKED = ("Quarterly figures of the harbour:", "412 ships came in, 398 went out, 14 are here.")
REPORT = "\n".join(ASKED)
"""What the provider says when it repeats all it was told: a text that no request had before."""


def ask(
    product: Product, messages: list[dict[str, Any]], caller: str = "crm", model: str = "echo", **headers: str
) -> str:
    """One call on a connection of its own, so that any worker may get it; its flow."""
    with openai.OpenAI(base_url=f"{product.url}/v1", api_key=product.callers[caller].key, max_retries=0) as client:
        answer = client.chat.completions.with_raw_response.create(
            model=model,
            messages=messages,
            extra_headers=headers,  # type: ignore[arg-type]
        )
        return str(answer.headers["lexgate-flow"])


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def chain(product: Product, flow: str) -> dict[str, Any]:
    answer = httpx.get(f"{product.control_url}/api/records/{flow}/trace", headers=product.officer)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_answer_is_followed_through_applications_workers_and_a_restart(tmp_path: Path) -> None:
    with running(tmp_path, workers=2) as product:
        begun = [user(text) for text in ASKED]
        first = ask(product, begun, model="echo-all")
        product.record(first)
        turn = ask(product, [*begun, assistant(REPORT), user("Shorter, please.")])
        product.record(turn)
        other_app = ask(product, [user([{"type": "text", "text": REPORT}])], caller="site")  # type: ignore[arg-type]
        stranger = ask(product, [user(REPORT)], caller="other")
        product.record(other_app)
        assert product.record(stranger)["pub"]["parents"] == []
        assert product.stop() == 0
        product.start()
        later = ask(product, [user("Translate:"), user(REPORT)], caller="site")
        product.record(later)

        trace = chain(product, first)
        assert trace["complete"]
        assert [(one["flow"], one["application"], one["relation"]) for one in trace["flows"]] == [
            (first, "crm", "self"), (turn, "crm", "descendant"), (other_app, "site", "descendant"),
            (later, "site", "descendant"),
        ]  # fmt: skip
        assert [one["parents"] for one in trace["flows"]] == [
            [], [{"flow": first, "by": "turn"}], [{"flow": first, "by": "content"}], [{"flow": first, "by": "content"}],
        ]  # fmt: skip
        up = chain(product, later)
        assert [(one["flow"], one["relation"]) for one in up["flows"]] == [(first, "ancestor"), (later, "self")]

        shown = product.lexgate("audit", "trace", turn)
        assert shown.returncode == 0, shown.stderr
        assert [line.split()[0] for line in shown.stdout.splitlines()] == [first, ">"]
        assert f"turn of {first}" in shown.stdout
        assert json.loads(product.lexgate("audit", "trace", turn, "--json").stdout) == chain(product, turn)
        assert product.lexgate("audit", "trace", "01990000-0000-7000-8000-000000000000").returncode == 1
        found = product.lexgate("audit", "search", f"parent:{first}", "--json").stdout
        assert {json.loads(line)["flow"] for line in found.splitlines()} == {turn, other_app, later}
        verified = product.lexgate("audit", "verify")
        assert verified.returncode == 0, verified.stdout


def test_a_parent_of_another_tenant_is_not_in_a_chain(product: Product) -> None:
    theirs = ask(product, [user("hello")], caller="other")
    ours = ask(product, [user("hello")], **{"Lexgate-Parent": theirs})
    product.record(theirs)
    assert product.record(ours)["pub"]["parents"] == [theirs], "a caller may say what it likes"
    for flow in (ours, theirs):
        assert [one["flow"] for one in chain(product, flow)["flows"]] == [flow]
        assert all(one["parents"] == [] for one in chain(product, flow)["flows"])


def test_trace_context_and_sessions_chain_calls_that_share_no_content(product: Product) -> None:
    context = {"traceparent": f"00-{'7' * 32}-{'8' * 16}-01"}
    first = ask(product, [user("one")], **context)
    product.record(first)
    second = ask(product, [user("two")], caller="site", **context)
    product.record(second)
    assert product.record(second)["pub"]["parents_by"] == ["trace"]
    session = {"session-id": "5c6b2f0e-agent"}
    third = ask(product, [user("three")], **session)
    product.record(third)
    fourth = product.record(ask(product, [user("four")], **session))["pub"]
    assert (fourth["parents"], fourth["parents_by"]) == ([third], ["session"])
