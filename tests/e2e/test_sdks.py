"""The official SDKs, their base URL changed and nothing else: whole and streamed, tools, JSON mode, errors."""

from __future__ import annotations

import json

import anthropic
import openai
import pytest

from tests.e2e.node import client as node
from tests.e2e.product import Product

pytestmark = pytest.mark.e2e

SECRET = "sk-proj-Zx81LmQ0aPb72KdYtR5vWc9NhE3uJf6GsT4oXiB8"
PROMPT = (
    "Customer Maria Schneider, phone +49 151 23456789, resident ID 11010519491231002X, "
    f"card 4111 1111 1111 1111, key {SECRET}. Please repeat."
)
VALUES = ("Maria Schneider", "+49 151 23456789", "11010519491231002X", "4111 1111 1111 1111", SECRET)
TOOL = {
    "type": "function",
    "function": {"name": "look_up", "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}},
}
CLAUDE_TOOL = {"name": "look_up", "input_schema": {"type": "object", "properties": {"text": {"type": "string"}}}}


def openai_client(product: Product, caller: str = "crm") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{product.url}/v1", api_key=product.callers[caller].key, max_retries=0)


def anthropic_client(product: Product, caller: str = "crm") -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=product.url, api_key=product.callers[caller].key, max_retries=0)


def restored(text: str) -> None:
    """What the answer repeats came back as it was sent, except the key."""
    for value in VALUES[:-1]:
        assert value in text
    assert SECRET not in text
    assert "⟦API_KEY_" in text


def nothing_left(product: Product) -> None:
    """The provider's last request carried none of the values, in no encoding of JSON."""
    text = json.dumps(json.loads(product.requests()[-1]["body"]), ensure_ascii=False)
    for value in VALUES:
        assert value not in text
        assert value.replace(" ", "") not in text.replace(" ", "")


def test_openai_whole(product: Product) -> None:
    answer = openai_client(product).chat.completions.create(
        model="echo", messages=[{"role": "user", "content": PROMPT}]
    )
    restored(answer.choices[0].message.content or "")
    nothing_left(product)


@pytest.mark.parametrize("size", [1, 3, 7, 64])
def test_openai_stream(product: Product, size: int) -> None:
    stream = openai_client(product).chat.completions.create(
        model=f"echo/size-{size}", messages=[{"role": "user", "content": PROMPT}], stream=True
    )
    chunks = list(stream)
    restored("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices))
    assert all(chunk.usage is None for chunk in chunks)
    nothing_left(product)


def test_openai_usage_event_is_shown_to_who_asks(product: Product) -> None:
    stream = openai_client(product).chat.completions.create(
        model="echo", messages=[{"role": "user", "content": "hello"}], stream=True,
        stream_options={"include_usage": True},
    )  # fmt: skip
    usages = [chunk.usage for chunk in stream if chunk.usage]
    assert len(usages) == 1
    assert usages[0].completion_tokens > 0


@pytest.mark.parametrize("stream", [False, True])
def test_openai_tool_arguments_are_restored(product: Product, stream: bool) -> None:
    client = openai_client(product)
    request = {"model": "tool", "messages": [{"role": "user", "content": PROMPT}], "tools": [TOOL]}
    if stream:
        parts = client.chat.completions.create(**request, stream=True)
        arguments = "".join(
            call.function.arguments or ""
            for chunk in parts if chunk.choices
            for call in chunk.choices[0].delta.tool_calls or () if call.function
        )  # fmt: skip
    else:
        message = client.chat.completions.create(**request).choices[0].message
        arguments = message.tool_calls[0].function.arguments
    restored(json.loads(arguments)["text"])


def test_openai_json_mode_stays_json(product: Product) -> None:
    answer = openai_client(product).chat.completions.create(
        model="json", messages=[{"role": "user", "content": PROMPT}], response_format={"type": "json_object"}
    )
    restored(json.loads(answer.choices[0].message.content or "")["echo"])


def test_openai_models(product: Product) -> None:
    names = [model.id for model in openai_client(product).models.list()]
    assert names == []  # this configuration names patterns only


def test_openai_errors(product: Product) -> None:
    stranger = openai.OpenAI(base_url=f"{product.url}/v1", api_key="nobody", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        stranger.chat.completions.create(model="echo", messages=[{"role": "user", "content": "x"}])
    with pytest.raises(openai.BadRequestError) as refused:
        openai_client(product).chat.completions.create(model="echo", messages=[])
    assert refused.value.code == "lexgate_bad_request"
    with pytest.raises(openai.NotFoundError):
        openai_client(product).files.list()


def test_anthropic_whole(product: Product) -> None:
    answer = anthropic_client(product).messages.create(
        model="echo", max_tokens=400, messages=[{"role": "user", "content": PROMPT}]
    )
    restored(answer.content[0].text)
    nothing_left(product)


@pytest.mark.parametrize("size", [1, 5, 64])
def test_anthropic_stream(product: Product, size: int) -> None:
    with anthropic_client(product).messages.stream(
        model=f"echo/size-{size}", max_tokens=400, messages=[{"role": "user", "content": PROMPT}]
    ) as stream:
        restored(stream.get_final_text())
    nothing_left(product)


@pytest.mark.parametrize("stream", [False, True])
def test_anthropic_tool_input_is_restored(product: Product, stream: bool) -> None:
    client = anthropic_client(product)
    request = {
        "model": "tool", "max_tokens": 400, "tools": [CLAUDE_TOOL],
        "messages": [{"role": "user", "content": PROMPT}],
    }  # fmt: skip
    if stream:
        with client.messages.stream(**request) as events:
            message = events.get_final_message()
    else:
        message = client.messages.create(**request)
    restored(next(block for block in message.content if block.type == "tool_use").input["text"])


def test_anthropic_tool_results_are_redacted(product: Product) -> None:
    anthropic_client(product).messages.create(
        model="echo-all", max_tokens=400, tools=[CLAUDE_TOOL],
        messages=[
            {"role": "user", "content": "Look her up."},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "look_up", "input": {"text": PROMPT}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": PROMPT}]},
        ],
    )  # fmt: skip
    nothing_left(product)


def test_anthropic_count_tokens(product: Product) -> None:
    counted = anthropic_client(product).messages.count_tokens(
        model="echo", messages=[{"role": "user", "content": PROMPT}]
    )
    assert counted.input_tokens > 0
    nothing_left(product)


def test_anthropic_errors(product: Product) -> None:
    stranger = anthropic.Anthropic(base_url=product.url, api_key="nobody", max_retries=0)
    with pytest.raises(anthropic.AuthenticationError):
        stranger.messages.create(model="echo", max_tokens=5, messages=[{"role": "user", "content": "x"}])
    with pytest.raises(anthropic.BadRequestError):
        anthropic_client(product).messages.create(model="echo", max_tokens=5, messages=[])


def test_an_answer_for_the_public_says_that_it_is_synthetic(product: Product) -> None:
    message = {"role": "user", "content": "Tell me about the weather in spring, please."}
    client = openai_client(product, "site")
    whole = client.chat.completions.create(model="echo", messages=[message]).choices[0].message.content or ""
    assert whole.endswith("[AI-generated]")
    stream = client.chat.completions.create(model="echo", messages=[message], stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == whole
    client.chat.completions.create(
        model="echo-all", messages=[message, {"role": "assistant", "content": whole}, message]
    )
    assert "AI-generated" not in product.requests()[-1]["body"].decode()


@pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)
@pytest.mark.parametrize(
    ("sdk", "scenario", "model"),
    [
        ("openai", "chat", "echo"),
        ("openai", "stream", "echo/size-2"),
        ("openai", "tools", "tool"),
        ("openai", "tools_stream", "tool/size-2"),
        ("openai", "json", "json"),
        ("anthropic", "chat", "echo"),
        ("anthropic", "stream", "echo/size-2"),
        ("anthropic", "tools", "tool"),
        ("anthropic", "tools_stream", "tool/size-2"),
    ],
)
def test_node_sdks(product: Product, sdk: str, scenario: str, model: str) -> None:
    told = node.tell(sdk, scenario, url=product.url, key=product.callers["crm"].key, model=model, prompt=PROMPT)
    assert "error" not in told, told
    restored(json.dumps(told, ensure_ascii=False))
    nothing_left(product)


@pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)
@pytest.mark.parametrize(("sdk", "scenario"), [("openai", "chat"), ("anthropic", "chat")])
def test_node_sdks_understand_a_refusal(product: Product, sdk: str, scenario: str) -> None:
    told = node.tell(sdk, scenario, url=product.url, key="nobody", model="echo", prompt="x")
    assert told["error"]["name"] == "AuthenticationError"
