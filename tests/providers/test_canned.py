"""The canned provider is trusted by every other test, so the real SDKs check that it speaks their protocols."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path

import aiohttp
import anthropic
import openai
import pytest

from tests.providers.behaviour import Behaviour, parse, said, says
from tests.providers.canned import CannedProvider

HELLO = [{"role": "user", "content": "Hello Ann, 你好"}]


async def post(provider: CannedProvider, model: str, *, stream: bool = False) -> tuple[int, bytes]:
    body = {"model": model, "messages": HELLO, "stream": stream}
    async with (
        aiohttp.ClientSession() as session,
        session.post(provider.url + "/v1/chat/completions", json=body) as got,
    ):
        return got.status, await got.read()


def test_a_model_name_is_one_content_word_and_modifiers() -> None:
    assert parse("echo,size-1,cut-3,lie+20") == Behaviour(content="echo", size=1, cut=3, lie_output=20)
    assert parse("canned-20x,slow-50ms,tcp-7") == Behaviour(content="canned-20x", slow_s=0.05, tcp=7)
    assert parse("gpt-4o") == Behaviour()  # any other name gets an echo
    assert said(parse(says("⟦PERSON_7f⟧, ok")).content) == "⟦PERSON_7f⟧, ok"


async def test_the_openai_sdk_reads_texts_tools_and_streams() -> None:
    async with CannedProvider() as provider:
        client = openai.AsyncOpenAI(base_url=provider.url + "/v1", api_key="k", max_retries=0)
        whole = await client.chat.completions.create(model="echo", messages=HELLO)  # type: ignore[arg-type]
        assert whole.choices[0].message.content == "Hello Ann, 你好"
        tool = await client.chat.completions.create(model="tool", messages=HELLO)  # type: ignore[arg-type]
        call = tool.choices[0].message.tool_calls[0]  # type: ignore[index]
        assert json.loads(call.function.arguments) == {"text": "Hello Ann, 你好"}  # type: ignore[union-attr]
        stream = await client.chat.completions.create(  # type: ignore[call-overload]
            model="echo,size-1,tcp-3,crlf", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello Ann, 你好"
        assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens  # type: ignore[union-attr]
        with pytest.raises(openai.RateLimitError) as refused:
            await client.chat.completions.create(model="status-429", messages=HELLO)  # type: ignore[arg-type]
        assert refused.value.response.headers["retry-after"] == "7"
        await client.close()


async def test_the_anthropic_sdk_reads_texts_tools_thinking_and_counts() -> None:
    async with CannedProvider() as provider:
        client = anthropic.AsyncAnthropic(base_url=provider.url, api_key="k", max_retries=0)
        whole = await client.messages.create(model="both", messages=HELLO, max_tokens=9)  # type: ignore[arg-type]
        assert [block.type for block in whole.content] == ["text", "tool_use"]
        assert whole.content[1].input == {"text": "Hello Ann, 你好"}  # type: ignore[union-attr]
        async with client.messages.stream(model="thinking,size-1", messages=HELLO, max_tokens=9) as stream:  # type: ignore[arg-type]
            message = await stream.get_final_message()
        assert [block.type for block in message.content] == ["thinking", "text"]
        count = await client.messages.count_tokens(model="echo", messages=HELLO)  # type: ignore[arg-type]
        assert count.input_tokens == whole.usage.input_tokens
        await client.close()


async def test_usage_is_honest_unless_asked_to_lie() -> None:
    async with CannedProvider() as provider:
        honest = json.loads((await post(provider, "echo"))[1])["usage"]
        lied = json.loads((await post(provider, "echo,lie+20,liein-2"))[1])["usage"]
        assert lied["completion_tokens"] == honest["completion_tokens"] + 20
        assert lied["prompt_tokens"] == honest["prompt_tokens"] - 2
        assert "usage" not in json.loads((await post(provider, "nousage"))[1])


@pytest.mark.parametrize("model", ["reset", "reset-2", "cut-2", "garbage"])
async def test_broken_connections_are_seen_as_such(model: str) -> None:
    async with CannedProvider() as provider:
        with pytest.raises(aiohttp.ClientError):
            await post(provider, model, stream=True)


async def test_streams_may_end_early_cleanly_or_with_an_error_or_broken_json() -> None:
    async with CannedProvider() as provider:
        assert b"[DONE]" not in (await post(provider, "noend", stream=True))[1]
        assert b"canned error" in (await post(provider, "error-2", stream=True))[1]
        assert b'{"broken": \xff' in (await post(provider, "malformed", stream=True))[1]
        assert (await post(provider, "huge-1"))[1].count(b"huge block") > 90_000


async def test_a_silent_provider_is_silent() -> None:
    async with CannedProvider() as provider:
        for model in ("hang", "stall-2"):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(post(provider, model, stream=True), 0.3)


async def test_requests_are_kept_exactly_as_they_arrived() -> None:
    async with CannedProvider() as provider:
        body = b'{"model": "echo-body",  "messages":[], "x": 1e400}'
        async with aiohttp.ClientSession() as session:
            url = provider.url + "/v1/chat/completions"
            async with session.post(url, data=body, headers={"X-Test": "1"}) as answer:
                assert (await answer.json())["choices"][0]["message"]["content"] == body.decode()
        assert provider.requests[0].body == body
        assert provider.requests[0].header("x-test") == "1"


async def test_as_a_program_it_records_before_it_answers(tmp_path: Path) -> None:
    record = tmp_path / "requests.jsonl"
    program = Path(__file__).with_name("canned.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), "--port", "0", "--record", str(record), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = json.loads(await process.stdout.readline())["url"]
    async with aiohttp.ClientSession() as session:
        async with session.post(url + "/v1/messages", json={"model": "echo", "messages": HELLO}) as answer:
            assert answer.status == 200
            process.kill()
    await process.wait()
    line = json.loads(record.read_text().splitlines()[0])
    assert json.loads(base64.b64decode(line["body"]))["messages"] == HELLO
