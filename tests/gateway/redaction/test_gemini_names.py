"""The guard `names` on Gemini's answers, in both framings of a stream: the promises of test_names_guard.py, kept here too."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def beside(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


guarded = beside("test_names_guard")


def chunk(part, finish=None):
    candidate = {"content": {"role": "model", "parts": [part]}, "index": 0} | (
        {"finishReason": finish} if finish else {}
    )
    return {"candidates": [candidate], "responseId": "r1"}


def written(chunks, framing):
    texts = [json.dumps(one, ensure_ascii=False).encode() for one in chunks]
    return (
        b"[" + b",\r\n".join(texts) + b"]"
        if framing == "array"
        else b"".join(b"data: " + t + b"\r\n\r\n" for t in texts)
    )


def read(body, framing):
    lines = body.splitlines()
    chunks = (
        orjson.loads(body) if framing == "array" else [orjson.loads(x[5:]) for x in lines if x.startswith(b"data:")]
    )
    parts = [part for one in chunks for c in one["candidates"] for part in c.get("content", {}).get("parts", [])]
    text = "".join(part.get("text", "") for part in parts)
    return text, [part["functionCall"]["args"] for part in parts if "functionCall" in part], chunks[-1]["candidates"][0]


@pytest.mark.parametrize("framing", ["sse", "array"])
@given(text=guarded.texts, size=st.integers(1, 60), cut=guarded.cuts, luck=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_names_of_the_request_pass_and_others_stop_the_answer_however_it_is_cut(framing, text, size, cut, luck):
    fragments = guarded.fragments_of(text, [size])
    call = {"functionCall": {"name": "save", "args": {"to": guarded.PLACEHOLDER, "note": guarded.CARRIED[0]}}}
    sent = written(
        [*(chunk({"text": piece}) for piece in fragments), chunk(call), chunk({"text": ""}, "STOP")], framing
    )
    whole, report = guarded.run("gemini", [sent], framing=framing)
    assert report.complete
    assert guarded.run("gemini", guarded.chunks_of(sent, cut), luck=luck, framing=framing)[0] == whole
    got, calls, last = read(whole, framing)
    said, stopped = guarded.expected(text)
    assert got == said
    assert (report.stopped is not None) is stopped
    assert last["finishReason"] == ("SPII" if stopped else "STOP")
    assert calls == ([] if stopped else [{"to": "Zoë Quux", "note": guarded.CARRIED[0]}])


@pytest.mark.parametrize("framing", ["sse", "array"])
@pytest.mark.parametrize(
    "part",
    [
        {"functionCall": {"name": "save", "args": {"to": "Anna Müller"}}},
        {"text": "He means Anna Müller. ", "thought": True},
        {"executableCode": {"language": "PYTHON", "code": "greet('Anna Müller')"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "Anna Müller"}},
    ],
)
def test_arguments_thoughts_and_code_are_held_to_it_too(framing, part):
    sent = written([chunk({"text": "Fine. "}), chunk(part), chunk({"text": "."}, "STOP")], framing)
    out, report = guarded.run("gemini", [sent], framing=framing)
    assert report.stopped == "PERSON"
    assert "Anna" not in out.decode()
    whole = json.dumps(chunk(part, "STOP"), ensure_ascii=False).encode()
    out, report = guarded.run("gemini", [whole[:9], whole[9:]], streaming=False)
    assert report.stopped == "PERSON"
    assert "Anna" not in out.decode()
    assert orjson.loads(out)["candidates"][0]["finishReason"] == "SPII"
