"""OpenAI's Responses API through the official SDKs: whole and streamed, tools, JSON, reasoning, labels, refusals."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import openai
import pydantic
import pytest

from tests.e2e.node import client as node
from tests.e2e.product import Product
from tests.e2e.test_sdks import PROMPT, SECRET, nothing_left, openai_client, restored

pytestmark = pytest.mark.e2e

FUNCTION = {
    "type": "function",
    "name": "look_up",
    "parameters": {"type": "object", "properties": {"text": {"type": "string"}}},
}
CUSTOM = {"type": "custom", "name": "apply_patch", "description": "Patches a file."}
INSTRUCTIONS = "You serve Maria Schneider, phone +49 151 23456789."


class Echo(pydantic.BaseModel):
    echo: str


def test_a_whole_answer(product: Product) -> None:
    answer = openai_client(product).responses.create(model="thinking", input=PROMPT, instructions=INSTRUCTIONS)
    restored(answer.output_text)
    restored(answer.output[0].summary[0].text)
    assert answer.instructions == INSTRUCTIONS
    assert answer.usage.total_tokens > 0
    nothing_left(product)


@pytest.mark.parametrize("size", [1, 3, 64])
def test_a_stream(product: Product, size: int) -> None:
    stream = openai_client(product).responses.create(model=f"thinking/size-{size}", input=PROMPT, stream=True)
    events = list(stream)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    restored(text)
    assert next(event.text for event in events if event.type == "response.output_text.done") == text
    assert (events[-1].type, events[-1].response.output_text) == ("response.completed", text)
    nothing_left(product)


@pytest.mark.parametrize("size", [1, 5])
def test_the_sdks_own_assembly_of_a_stream(product: Product, size: int) -> None:
    with openai_client(product).responses.stream(
        model=f"both/size-{size}", input=[{"role": "user", "content": PROMPT}], tools=[FUNCTION]
    ) as stream:
        snapshots = [event.snapshot for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    restored(snapshots[-1])
    assert final.output_text == snapshots[-1]
    restored(json.loads(final.output[1].arguments)["text"])
    nothing_left(product)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("tool", [FUNCTION, CUSTOM, {"type": "local_shell"}], ids=["function", "custom", "shell"])
def test_calls_are_restored(product: Product, tool: dict[str, Any], stream: bool) -> None:
    request: dict[str, Any] = {"model": "tool/size-7", "input": PROMPT, "tools": [tool], "store": False}
    client = openai_client(product)
    if stream:
        item = next(
            e.item for e in client.responses.create(**request, stream=True) if e.type == "response.output_item.done"
        )
    else:
        item = client.responses.create(**request).output[0]
    said = {
        "function_call": lambda: json.loads(item.arguments)["text"],
        "custom_tool_call": lambda: item.input,
        "local_shell_call": lambda: item.action.command[2],
    }
    restored(said[item.type]())
    nothing_left(product)


def test_a_tool_loop_sends_results_and_history_redacted(product: Product) -> None:
    client = openai_client(product)
    first = client.responses.create(
        model="thinking", input=PROMPT, store=False, include=["reasoning.encrypted_content"]
    )
    history = [item.model_dump(exclude_none=True) for item in first.output]
    call = {"type": "function_call", "call_id": "call_1", "name": "look_up", "arguments": json.dumps({"text": PROMPT})}
    result = {"type": "function_call_output", "call_id": "call_1", "output": PROMPT}
    again = client.responses.create(
        model="echo-all", store=False, tools=[FUNCTION],
        input=[{"role": "user", "content": PROMPT}, *history, call, result],
    )  # fmt: skip
    restored(again.output_text)
    nothing_left(product)
    sent = json.loads(product.requests()[-1]["body"])
    assert sent["input"][1]["encrypted_content"] == history[0]["encrypted_content"], "sealed bytes pass as they are"


def test_json_and_parsed_answers(product: Product) -> None:
    client = openai_client(product)
    answer = client.responses.create(model="json", input=PROMPT, text={"format": {"type": "json_object"}})
    restored(json.loads(answer.output_text)["echo"])
    parsed = client.responses.parse(model="json", input=PROMPT, text_format=Echo)
    restored(parsed.output_parsed.echo)
    with client.responses.stream(model="json/size-3", input=PROMPT, text_format=Echo) as stream:
        restored(stream.until_done().get_final_response().output_parsed.echo)
    nothing_left(product)


def test_a_secret_of_the_provider_ends_the_answer_incomplete(product: Product) -> None:
    from tests.providers.behaviour import says

    model = says("the key is ghp_16C7e42F292c6912E7710c838347Ae178B4a and more")
    answer = openai_client(product).responses.create(model=model, input="hello")
    assert (answer.status, answer.incomplete_details.reason, answer.output_text) == (
        "incomplete",
        "content_filter",
        "the key is ",
    )
    events = list(openai_client(product).responses.create(model=model, input="hello", stream=True))
    assert events[-1].type == "response.incomplete"
    assert events[-1].response.output_text == "the key is "
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == "the key is "


def test_an_answer_for_the_public_says_that_it_is_synthetic(product: Product) -> None:
    client = openai_client(product, "site")
    whole = client.responses.create(model="echo", input="Tell me about the weather in spring, please.").output_text
    assert whole.endswith("[AI-generated]")
    with client.responses.stream(model="echo/size-3", input="Tell me about the weather in spring, please.") as stream:
        final = stream.until_done().get_final_response()
    assert final.output_text == whole
    client.responses.create(
        model="echo-all", input=[{"role": "assistant", "content": whole}, {"role": "user", "content": "x"}]
    )
    assert "AI-generated" not in product.requests()[-1]["body"].decode()


def test_the_record_says_what_was_used_and_found(product: Product) -> None:
    raw = openai_client(product).responses.with_raw_response.create(
        model="echo/cached-7/thought-11", input=PROMPT, max_output_tokens=900
    )
    record = product.record(raw.headers["lexgate-flow"])
    usage = raw.parse().usage
    meter = record["meter"]
    assert meter["reported"] == {
        "input": usage.input_tokens, "cached_input": 7, "cache_write": 0, "output": usage.output_tokens, "reasoning": 11,
    }  # fmt: skip
    assert (record["pub"]["protocol"], record["pub"]["decision"]) == ("openai_responses", "redact")
    assert meter["counted"]["input"] == usage.input_tokens
    assert meter["counted"]["output"] == usage.output_tokens - 11
    assert not meter["discrepancy"]


def test_errors_in_the_sdks_own_classes(product: Product) -> None:
    client = openai_client(product)
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model="echo", input="x", background=True)
    assert "background" in refused.value.message
    with pytest.raises(openai.PermissionDeniedError):
        client.responses.create(model="echo", input=[{"type": "item_reference", "id": "msg_1"}])
    with pytest.raises(openai.RateLimitError):
        client.responses.create(model="echo/status-429", input="x")
    with pytest.raises(openai.APIError, match="broke"):
        list(client.responses.create(model="echo/cut-6", input="hello there", stream=True))
    with pytest.raises(openai.APIError):
        list(client.responses.create(model="echo/malformed", input="hello there", stream=True))
    failed = list(client.responses.create(model="echo/error-5", input="hello there", stream=True))
    assert failed[-1].type == "error"


def test_streams_come_as_they_are_made(product: Product) -> None:
    """Each event of the provider is an event at the caller, and one more gives what was held at the end."""
    body = {"model": "echo/size-2/tcp-5/crlf", "input": "hello there", "stream": True}
    with httpx.stream(
        "POST", f"{product.url}/v1/responses", headers=product.headers(), json=body, timeout=60
    ) as answer:
        names = [line[7:] for line in answer.iter_lines() if line.startswith("event: ")]
    assert names[0] == "response.created"
    assert names[-1] == "response.completed"
    assert names.count("response.output_text.delta") == 6 + 1


@pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)
@pytest.mark.parametrize(
    ("scenario", "model"),
    [
        ("responses", "echo"),
        ("responses_stream", "echo/size-2"),
        ("responses_tools", "tool"),
        ("responses_tools_stream", "tool/size-2"),
    ],
)
def test_the_node_sdk(product: Product, scenario: str, model: str) -> None:
    told = node.tell("openai", scenario, url=product.url, key=product.callers["crm"].key, model=model, prompt=PROMPT)
    assert "error" not in told, told
    restored(json.dumps(told, ensure_ascii=False))
    assert SECRET not in json.dumps(told)
    nothing_left(product)


def test_a_call_continues_an_earlier_response(product: Product) -> None:
    """The provider keeps the placeholders; the vault knows what they stand for, also two turns later and in streams."""
    client = openai_client(product)
    begun = client.responses.with_raw_response.create(model="echo", input=PROMPT)
    first = begun.parse()
    raw = client.responses.with_raw_response.create(
        model="echo-all", input="and again, for Jonas Weber?", previous_response_id=first.id
    )
    second = raw.parse()
    restored(second.output_text)
    assert second.output_text.count("Maria Schneider") == 2
    with client.responses.stream(model="echo-all/size-3", input="once more", previous_response_id=second.id) as stream:
        third = stream.until_done().get_final_response()
    restored(third.output_text)
    assert "Jonas Weber" in third.output_text
    nothing_left(product)
    sent = product.requests()[-1]["body"].decode()
    assert "Jonas Weber" not in sent
    assert second.id in sent
    record = product.record(raw.headers["lexgate-flow"])
    assert record["pub"]["parents"] == [begun.headers["lexgate-flow"]], "the chain is seen without the caller's help"


def test_nobody_continues_what_was_given_to_somebody_else(product: Product) -> None:
    first = openai_client(product).responses.create(model="echo", input=PROMPT)
    unkept = openai_client(product).responses.create(model="echo", input="hello", store=False)
    for _ in range(2):  # its own caller may, again and again; what the gateway remembers of this body is nobody's leave
        own = openai_client(product).responses.create(model="echo-all", input="x", previous_response_id=first.id)
        restored(own.output_text)
    said = set()
    before = len(product.requests())
    with pytest.raises(openai.NotFoundError):
        openai_client(product, "peking").responses.create(model="echo-all", input="x", previous_response_id=first.id)
    for caller, previous in (("other", first.id), ("peking", first.id), ("crm", "resp_none"), ("crm", unkept.id)):
        with pytest.raises(openai.NotFoundError) as refused:
            openai_client(product, caller).responses.create(model="home/echo", input="x", previous_response_id=previous)
        assert refused.value.param == "previous_response_id"
        said.add(refused.value.message.split("'flow'")[0])
    assert len(said) == 1
    assert len(product.requests()) == before, "nothing was sent for any of them"


def test_a_conversation_outlives_the_key_that_began_it(product: Product) -> None:
    """It is the principal's, not the key's: a rotated key carries it on, and a key of another user does not."""

    def issued(user: str) -> tuple[str, str]:
        answer = product.lexgate("key", "issue", "--application", "crm", "--user", user, "--country", "DE")
        said = dict(line.split() for line in answer.stdout.splitlines())
        return said["key"], said["key_id"]

    def client(key: str) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{product.url}/v1", api_key=key, max_retries=0)

    def status(key: str) -> int:
        return httpx.get(f"{product.url}/v1/models", headers={"Authorization": f"Bearer {key}"}).status_code

    (key, key_id), (others, _) = issued("wang.fang"), issued("zhao.min")
    first = client(key).responses.create(model="echo", input=PROMPT)
    rotated = product.lexgate("key", "rotate", key_id, "--grace", "0")
    after = dict(line.split()[:2] for line in rotated.stdout.splitlines())["key"]
    ends = time.monotonic() + 30
    while status(key) != 401 or status(after) != 200:  # a change holds within a second
        assert time.monotonic() < ends
        time.sleep(0.1)
    restored(client(after).responses.create(model="echo-all", input="x", previous_response_id=first.id).output_text)
    with pytest.raises(openai.NotFoundError):
        client(others).responses.create(model="echo-all", input="x", previous_response_id=first.id)


def test_tokens_are_counted_and_conversations_compacted(product: Product) -> None:
    client = openai_client(product)
    assert client.responses.input_tokens.count(model="echo", input=PROMPT).input_tokens > 20
    nothing_left(product)
    compacted = client.responses.compact(model="echo", input=PROMPT, instructions=INSTRUCTIONS)
    restored(compacted.output[0].content[0].text)
    nothing_left(product)
    again = client.responses.create(
        model="echo",
        input=[*(item.model_dump(exclude_none=True) for item in compacted.output), {"role": "user", "content": "so?"}],
    )
    assert again.output_text == "so?"
    nothing_left(product)
