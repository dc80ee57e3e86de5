"""Anthropic's SDK in a long conversation: caches stay warm, thinking goes back and forth, batches and files are refused."""

from __future__ import annotations

import io
import itertools

import anthropic
import pytest

from tests.e2e.product import Product

pytestmark = pytest.mark.e2e

CACHED = {"cache_control": {"type": "ephemeral"}}
CUSTOMER = "Customer Maria Schneider, phone +49 151 23456789, card 4111 1111 1111 1111."


@pytest.fixture
def client(product: Product) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=product.url, api_key=product.callers["crm"].key, max_retries=0)


def test_what_the_provider_caches_is_met_again_turn_after_turn(product: Product, client: anthropic.Anthropic) -> None:
    system = [{"type": "text", "text": f"You serve this customer. {CUSTOMER}", **CACHED}]
    messages: list[dict] = []
    for turn in range(4):
        text = f"Turn {turn}. {CUSTOMER} Please repeat."
        messages.append({"role": "user", "content": [{"type": "text", "text": text, **CACHED}]})
        answer = client.messages.create(model="echo", max_tokens=200, system=system, messages=messages)
        assert "Maria Schneider" in answer.content[0].text
        messages.append(
            {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in answer.content]}
        )
    bodies = [request["body"] for request in product.requests()[-4:]]
    cut = bodies[0].index(b'"messages":[') + len(b'"messages":[')
    assert b"Maria" not in b"".join(bodies)
    assert len({body.split(b'"system":')[1].split(b"}]")[0] for body in bodies}) == 1
    for before, after in itertools.pairwise(bodies):
        end = before.rindex(b"Please repeat.")
        assert after[cut:].startswith(before[cut:end])


@pytest.mark.parametrize("stream", [False, True])
def test_thinking_is_delivered_signed_and_taken_back(
    product: Product, client: anthropic.Anthropic, stream: bool
) -> None:
    call = {"model": "thinking", "max_tokens": 2000, "messages": [{"role": "user", "content": CUSTOMER}]}
    if stream:
        with client.messages.stream(**call) as opened:
            answer = opened.get_final_message()
    else:
        answer = client.messages.create(**call)
    thinking, text = answer.content
    assert "⟦PERSON_" in thinking.thinking
    assert thinking.signature
    assert "Maria Schneider" in text.text
    blocks = [block.model_dump(exclude_none=True) for block in answer.content]
    turns = [*call["messages"], {"role": "assistant", "content": blocks}, {"role": "user", "content": "Thanks."}]
    client.messages.create(model="echo", max_tokens=200, messages=turns)
    body = product.requests()[-1]["body"].decode()
    assert thinking.thinking in body
    assert thinking.signature in body
    assert "Maria" not in body


def test_batches_and_files_are_refused_with_their_reason(product: Product, client: anthropic.Anthropic) -> None:
    before = len(product.requests())
    params = {"model": "echo", "max_tokens": 9, "messages": [{"role": "user", "content": CUSTOMER}]}
    with pytest.raises(anthropic.NotFoundError, match="one by one"):
        client.messages.batches.create(requests=[{"custom_id": "a", "params": params}])
    with pytest.raises(anthropic.NotFoundError, match="one by one"):
        client.messages.batches.retrieve("msgbatch_1")
    with pytest.raises(anthropic.NotFoundError, match="inline"):
        client.beta.files.upload(file=("a.txt", io.BytesIO(b"hello"), "text/plain"))
    assert len(product.requests()) == before
