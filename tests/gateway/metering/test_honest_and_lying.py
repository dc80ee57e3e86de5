"""A thousand honest calls of every family raise no alarm, and every lie of 5 % and 20 tokens does.

From bytes to verdict: the request as its protocol decodes it, the answer as its family writes it, streamed or whole, and
then the settlement as an inspector makes it. The provider counts by o200k, and the gateway is configured to.
"""

from __future__ import annotations

import random

import orjson
import pytest

from gateway.metering.settle import Settlement
from gateway.protocols.registry import DECODERS
from gateway.redaction.stream import AnswerStream
from gateway.settling.exchange import COUNTED
from tests.providers import answers
from tests.providers.behaviour import Behaviour

FAMILIES = {"openai": "openai_chat", "anthropic": "anthropic_messages", "gemini": "gemini_generate"}
LETTERS = "abc de,.\n 你好世界ü😀123"
SETTLEMENT = Settlement()


def request_of(family: str, turns: list[str], *, stream: bool) -> dict:
    roles = ["user", "assistant"] * len(turns)
    if family == "gemini":
        names = {"user": "user", "assistant": "model"}
        contents = [{"role": names[role], "parts": [{"text": text}]} for role, text in zip(roles, turns, strict=False)]
        return {"contents": contents, "systemInstruction": {"parts": [{"text": "Be kind."}]}}
    messages = [{"role": role, "content": text} for role, text in zip(roles, turns, strict=False)]
    if family == "openai":
        return {"model": "m", "messages": [{"role": "system", "content": "Be kind."}, *messages], "stream": stream}
    return {"model": "m", "max_tokens": 9, "system": "Be kind.", "messages": messages, "stream": stream}


def item_of(family: str, turns: list[str], *, stream: bool, lie_input: int = 0, lie_output: int = 0) -> dict:
    """What the settler hands to an inspector for one call."""
    tree = request_of(family, turns, stream=stream)
    decoded = DECODERS[FAMILIES[family]](orjson.dumps(tree))
    behaviour = Behaviour("echo", lie_input=lie_input, lie_output=lie_output, size=7)
    asked = tree | {"stream_options": {"include_usage": True}}
    said = answers.answer(tree, b"", behaviour)
    answer = AnswerStream(family, streaming=stream)
    if stream:
        for name, data in getattr(answers, f"{family}_events")(said, asked):
            text = data if isinstance(data, str) else orjson.dumps(data).decode()
            answer.feed((f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode())
    else:
        answer.feed(orjson.dumps(getattr(answers, f"{family}_body")(said, asked)))
    report = answer.finish().report
    assert report.complete
    rows = [
        {"role": each.role, "text": "\n".join(part.text for part in each.parts() if part.kind in COUNTED)}
        for each in decoded.segments
        if each.role
    ]
    return {
        "flow": "f", "tenant": "t", "provider": "p", "model": "m", "tokenizer": "o200k", "request": rows,
        "output_text": report.provider_text, "reported": report.usage.as_dict(), "at": 0, "latency_ms": 1,
        "first_byte_ms": None, "fingerprint_key": "00" * 16, "finish": report.finish,
    }  # fmt: skip


def test_a_thousand_honest_calls_raise_no_alarm() -> None:
    chance = random.Random(31)
    items = [
        item_of(
            family,
            ["".join(chance.choices(LETTERS, k=chance.randint(1, 300))) for _ in range(chance.choice((1, 3, 5)))],
            stream=chance.random() < 0.5,
        )
        for family in FAMILIES
        for _ in range(334)
    ]
    settled = SETTLEMENT.settle_many(items)
    assert len(settled) >= 1000
    assert {each["meter"]["counted"]["method"] for each in settled} == {"template"}
    assert not any(each["meter"]["discrepancy"] for each in settled)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("stream", [False, True])
def test_every_lie_of_five_percent_and_twenty_tokens_is_flagged(family: str, stream: bool) -> None:
    chance = random.Random(32)
    for _ in range(40):
        turns = ["".join(chance.choices(LETTERS, k=chance.randint(60, 2500)))]
        honest = item_of(family, turns, stream=stream)["reported"]
        for side in ("input", "output"):
            least = max(20, -(-honest[side] * 5 // 100))
            for lie in (least, -least if honest[side] > least else least, least * 2):
                told = item_of(family, turns, stream=stream, **{f"lie_{side}": lie})
                (settled,) = SETTLEMENT.settle_many([told])
                assert settled["meter"]["discrepancy"], (side, lie, honest)
                assert settled["meter"]["deviation"][side] == lie
