"""The demo provider is a real model, and our count of its calls is exact: SmolLM2 under llama.cpp as the oracle."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.demo.provider import DemoUnavailable, model_file
from gateway.flow import Usage
from gateway.metering.discrepancy import compare
from gateway.metering.gguf import BadModelFile, read_metadata
from gateway.metering.recount import Exchange, Method, Recounter
from gateway.metering.tokenizer import GGUFTokenizer
from gateway.redaction.stream import AnswerStream

ROOT = Path(__file__).resolve().parents[3]
HELLO = "Say hello to 李雷 in one short sentence."
TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def _installed() -> bool:
    try:
        model_file()
    except DemoUnavailable:
        return False
    return True


pytestmark = [
    pytest.mark.demo,
    pytest.mark.skipif(not _installed(), reason="the extra `demo` is not installed"),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    command = [sys.executable, "-m", "gateway.demo.provider", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


async def post(url: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.post(url + path, json=body) as answer:
        found: dict[str, Any] = await answer.json()
        return found


async def test_our_tokenizer_is_the_models_own(url: str) -> None:
    tokenizer, chance = GGUFTokenizer(model_file()), random.Random(5)
    texts = ["don't IT'S we'LL 12345", " \n\n\t x", "<|im_start|>user\nhi<|im_end|>\n", "😀👩‍👩‍👧 全角！", "½ Ⅷ ² 1½"]
    texts += ["".join(chance.choices("ab Z0129 \n\t'sé中文，😀<>|_-.!½٣\u00a0\u3000", k=40)) for _ in range(60)]
    for text in texts:
        assert tokenizer.encode(text) == (await post(url, "/tokenize", {"content": text}))["tokens"]


@pytest.mark.parametrize("limit", [3, 40])
@pytest.mark.parametrize("family", ["openai", "anthropic"])
async def test_the_recount_of_a_real_call_is_exact(url: str, family: str, limit: int) -> None:
    texts = [("system", "Be brief."), ("user", HELLO), ("assistant", "Hello!"), ("user", "Again.\n")]
    body: dict[str, Any] = {"model": "smollm2-135m", "max_tokens": limit, "temperature": 0}
    if family == "openai":
        body["messages"] = [{"role": role, "content": text} for role, text in texts]
        answer = await post(url, "/v1/chat/completions", body)
        output, finish = answer["choices"][0]["message"]["content"], answer["choices"][0]["finish_reason"]
        reported = Usage(input=answer["usage"]["prompt_tokens"], output=answer["usage"]["completion_tokens"])
    else:
        body |= {"system": texts[0][1], "messages": [{"role": role, "content": text} for role, text in texts[1:]]}
        answer = await post(url, "/v1/messages", body)
        output, finish, usage = answer["content"][0]["text"], answer["stop_reason"], answer["usage"]
        read = usage["input_tokens"] + usage["cache_read_input_tokens"]
        reported = Usage(input=read, output=usage["output_tokens"])
    counted = Recounter().count(Exchange("smollm2-135m", texts, output, finish=finish))
    assert counted.method is Method.EXACT
    assert (counted.input, counted.output) == (reported.input, reported.output)
    assert not compare(reported, counted).flagged


async def test_a_real_servers_responses_pass_as_they_are_and_count_exactly(url: str) -> None:
    """llama.cpp gives its events neither numbers nor indices."""
    body = {
        "model": "smollm2-135m",
        "instructions": "Be brief.",
        "input": HELLO,
        "max_output_tokens": 12,
        "stream": True,
    }
    async with aiohttp.ClientSession() as session, session.post(url + "/v1/responses", json=body) as answer:
        sent = await answer.read()
    stream = AnswerStream("openai", protocol="openai_responses", streaming=True)
    out = b"".join(stream.feed(sent[at : at + 100]) for at in range(0, len(sent), 100))
    finished = stream.finish()
    assert out + finished.body == sent
    report = finished.report
    assert report.complete
    texts = [("system", "Be brief."), ("user", HELLO)]
    counted = Recounter().count(Exchange("smollm2-135m", texts, report.provider_text, finish=report.finish or ""))
    assert report.usage is not None
    assert counted.input == report.usage.input
    assert not compare(report.usage, counted).flagged


async def test_count_tokens_agrees_with_ours(url: str) -> None:
    body = {"model": "smollm2-135m", "messages": [{"role": "user", "content": HELLO}]}
    counted = Recounter().count(Exchange("smollm2-135m", [("user", HELLO)], ""))
    assert (await post(url, "/v1/messages/count_tokens", body))["input_tokens"] == counted.input


async def test_the_demo_template_is_the_models_own_where_no_tools_are_offered(url: str) -> None:
    messages = [
        {"role": "user", "content": HELLO},
        {"role": "assistant", "content": "x"},
        {"role": "user", "content": " y "},
    ]
    rendered = (await post(url, "/apply-template", {"messages": messages}))["prompt"]
    system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
    turns = [("system", system), *((message["role"], message["content"]) for message in messages)]
    expected = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in turns)
    assert rendered == expected + "<|im_start|>assistant\n"
    assert "messages[0]['role'] != 'system'" in read_metadata(model_file())["tokenizer.chat_template"]


async def test_json_mode_and_tools_answer_in_form(url: str) -> None:
    ask = {"model": "smollm2-135m", "max_tokens": 60, "temperature": 0}
    asked = {"role": "user", "content": "Give JSON with name and age of Bob, 30"}
    whole = await post(
        url, "/v1/chat/completions", {**ask, "messages": [asked], "response_format": {"type": "json_object"}}
    )
    assert isinstance(json.loads(whole["choices"][0]["message"]["content"]), dict)
    asked = {"role": "user", "content": "Weather in Paris?"}
    tool = await post(
        url, "/v1/chat/completions", {**ask, "messages": [asked], "tools": [TOOL], "tool_choice": "required"}
    )
    call = tool["choices"][0]["message"]["tool_calls"][0]["function"]
    assert call["name"] == "get_weather"
    assert set(json.loads(call["arguments"])) <= {"city"}


async def test_the_model_does_not_outlive_the_process_that_started_it() -> None:
    program = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-m', 'gateway.demo.provider'], "
        "stdout=subprocess.PIPE); print(p.stdout.readline().decode(), flush=True); sys.stdin.read()"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    child = json.loads(await parent.stdout.readline())["pid"]
    parent.kill()
    await parent.wait()
    for _ in range(1200):  # a busy machine may take a while to stop what is just starting
        if not _alive(child):
            return
        await asyncio.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the model outlived its parent")


def _alive(pid: int) -> bool:
    """A zombie that nobody has collected yet is not alive."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_port_in_use_is_an_error_with_a_message(url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway.demo.provider", "--port", url.rpartition(":")[2],
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    _, said = await process.communicate()
    assert process.returncode == 3
    assert b"did not start on port" in said


async def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    for content in (b"GGUF" + b"\xff" * 60, b"GGUF\x03\0\0\0" + b"\xff" * 60, b"no model at all, just some text here"):
        broken.write_bytes(content)
        with pytest.raises(BadModelFile):
            read_metadata(broken)
