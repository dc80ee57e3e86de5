"""What we deliver is what the providers' own SDKs read: restored, labelled, stopped, and failed answers."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import anthropic
import httpx
import httpx2
import openai
import pytest

from gateway.redaction.placeholder import Restorable
from gateway.redaction.stream import AnswerStream


def beside(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


echo, scanner = beside("echo"), beside("scanner")
NAME = echo.KEY.make("PERSON", "Anna")
KNOWN = {NAME: Restorable("PERSON", "Anna")}


def deliver(family, fragments, arguments=(), *, cut=None):
    write = echo.openai_events if family == "openai" else echo.anthropic_events
    label = lambda _text: "\n[AI-generated]"
    stream = AnswerStream(
        family, streaming=True, placeholders=KNOWN, guard=scanner.Scanner(), label=label, hide_usage=True
    )
    out = stream.feed(write(list(fragments), list(arguments))[:cut])
    return out + stream.finish().body


def client(library, body):
    answer = library.Response(200, headers={"content-type": "text/event-stream"}, content=body)
    return library.Client(transport=library.MockTransport(lambda _request: answer))


def read_openai(body):
    sdk = openai.OpenAI(api_key="x", http_client=client(httpx, body), max_retries=0)
    with sdk.chat.completions.stream(model="m", messages=[{"role": "user", "content": "x"}]) as stream:
        for _ in stream:
            pass
        choice = stream.get_final_completion().choices[0]
    calls = [call.function.arguments for call in choice.message.tool_calls or []]
    return choice.message.content, calls, choice.finish_reason


def read_anthropic(body):
    sdk = anthropic.Anthropic(api_key="x", http_client=client(httpx2, body), max_retries=0)
    with sdk.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}]) as stream:
        message = stream.get_final_message()
    calls = [block.input for block in message.content if block.type == "tool_use"]
    return "".join(block.text for block in message.content if block.type == "text"), calls, message.stop_reason


def test_openai_reads_a_restored_and_labelled_answer():
    assert read_openai(deliver("openai", ["Hi ", NAME[:5], NAME[5:]])) == ("Hi Anna\n[AI-generated]", [], "stop")


def test_anthropic_reads_a_restored_and_labelled_answer():
    got = read_anthropic(deliver("anthropic", ["Hi ", NAME[:5], NAME[5:]]))
    assert got == ("Hi Anna\n[AI-generated]", [], "end_turn")


def test_openai_reads_restored_arguments():
    got = read_openai(deliver("openai", ["ok"], ['{"to": "', NAME[:9], NAME[9:], '"}']))
    assert got == ("ok", ['{"to": "Anna"}'], "tool_calls")


def test_anthropic_reads_restored_arguments():
    got = read_anthropic(deliver("anthropic", ["ok"], ['{"to": "', NAME[:9], NAME[9:], '"}']))
    assert got == ("ok", [{"to": "Anna"}], "tool_use")


def test_openai_reads_a_stopped_answer_as_filtered():
    body = deliver("openai", ["the key is sk-aaaa", "aaaaaaaa and"])
    sdk = openai.OpenAI(api_key="x", http_client=client(httpx, body), max_retries=0)
    stream = sdk.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=True)
    choices = [chunk.choices[0] for chunk in stream]
    assert "".join(choice.delta.content or "" for choice in choices) == "the key is \n[AI-generated]"
    assert choices[-1].finish_reason == "content_filter"


def test_anthropic_reads_a_stopped_answer_as_a_refusal():
    got = read_anthropic(deliver("anthropic", ["the key is sk-aaaa", "aaaaaaaa and"]))
    assert got == ("the key is \n[AI-generated]", [], "refusal")


def test_both_raise_on_an_answer_that_broke_off():
    with pytest.raises(openai.APIError, match="ended before its end"):
        read_openai(deliver("openai", ["Hi"], cut=-60))
    with pytest.raises(anthropic.APIStatusError, match="ended before its end"):
        read_anthropic(deliver("anthropic", ["Hi"], cut=-60))
