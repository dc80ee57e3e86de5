"""What providers report of a call, in every form they have for it: recorded tokens equal the truth in all cases.

`usage_corpus.jsonl` is our own data, one answer a line: `provider` whose form it is, `family` of its API, the answer
(`whole` or `stream`; strings among the events stand as they are), and `truth`: the tokens that a bill would be made of,
null where the provider says nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from gateway.redaction.stream import AnswerStream

CASES = [json.loads(line) for line in Path(__file__).with_name("usage_corpus.jsonl").read_text().splitlines()]


def sent(case) -> bytes:
    """The answer's bytes, as its family writes them."""
    if "whole" in case:
        return json.dumps(case["whole"]).encode()
    if case.get("framing") == "array":
        elements = ",\r\n".join(json.dumps(event) for event in case["stream"])
        return f"[{elements}{']' if case.get('complete', True) else ''}".encode()
    return b"".join(frame(event).encode() for event in case["stream"])


def frame(event) -> str:
    if isinstance(event, str):
        return f"{event}\n\n" if event.startswith(":") else f"data: {event}\n\n"
    name = f"event: {event['type']}\n" if "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n"


def reported(case, size: int):
    stream = AnswerStream(case["family"], streaming="stream" in case, framing=case.get("framing", "sse"))
    body = sent(case)
    out = b"".join(stream.feed(body[at : at + size]) for at in range(0, len(body), size))
    finished = stream.finish()
    return out + finished.body, finished.report


def test_the_corpus_holds_every_family_and_case():
    assert len(CASES) >= 60
    assert len({(case["provider"], case["family"], case["name"]) for case in CASES}) == len(CASES)
    providers = Counter(case["provider"] for case in CASES)
    wanted = {"openai", "anthropic", "gemini", "deepseek", "qwen", "glm", "kimi", "minimax", "doubao"}
    assert providers.keys() >= wanted
    assert all(providers[name] >= 5 for name in wanted)
    for key in ("cached_input", "cache_write", "reasoning"):
        assert any(case["truth"] and case["truth"][key] for case in CASES)
    assert any(case["truth"] is None for case in CASES)
    assert any(not case.get("complete", True) for case in CASES)


@pytest.mark.parametrize("size", [1_000_000, 7])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['provider']}-{case['family']}-{case['name']}")
def test_recorded_tokens_equal_the_truth(case, size):
    delivered, report = reported(case, size)
    assert (report.usage.as_dict() if report.usage else None) == case["truth"]
    assert report.complete is case.get("complete", True)
    if report.complete:
        assert delivered == sent(case), "an answer that nobody touches keeps its bytes, whatever else stands in it"
