"""Restoration proven with an echoing provider: what the caller gets back is what was sent, but for secrets."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.protocols.registry import DECODERS, upstream_body
from gateway.redaction.redact import redact
from gateway.redaction.stream import AnswerStream

_spec = importlib.util.spec_from_file_location("echo", Path(__file__).with_name("echo.py"))
echo = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(echo)

VALUES = {
    "Anna Müller": "PERSON",
    "张三丰": "PERSON",
    "李四": "PERSON",
    'Bo "the\\Bear" O\'Neil': "PERSON",
    "Jo\nAnn\tLee": "PERSON",
    "Zoë😀Quux": "PERSON",
    "13800138000": "PHONE",
    "6222021234567890123": "BANK_CARD",
    "sk-live-9aJQ2ZxkT4": "API_KEY",
    'p"w\\d#1': "PASSWORD",
}
SECRETS = {value for value, label in VALUES.items() if label in {"API_KEY", "PASSWORD"}}
OPERATORS = dict.fromkeys(VALUES.values(), "placeholder")

filler = st.text(st.sampled_from(" ab,.:;{}[]\"'\\\n⟦⟧_测试é😀0"), max_size=12)
texts = st.lists(st.one_of(filler, st.sampled_from(list(VALUES))), min_size=1, max_size=8).map(
    # A text that begins like JSON is taken for JSON; `test_channel.py` says what that means.
    lambda pieces: "x " + " ".join(pieces)
)
sizes = st.lists(st.integers(1, 9), min_size=1, max_size=5)
cuts = st.lists(st.integers(1, 40), min_size=1, max_size=6)


def without_secrets(text: str) -> str:
    for value in SECRETS:
        text = text.replace(value, echo.KEY.make(VALUES[value], value))
    return text


def deep(value):
    """The same JSON value, secrets replaced in each string, also in JSON inside strings."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, dict):
        return {key: deep(item) for key, item in value.items()}
    return value


def chunks(data: bytes, sizes: list[int]):
    at, turn = 0, 0
    while at < len(data):
        yield data[at : at + sizes[turn % len(sizes)]]
        at, turn = at + sizes[turn % len(sizes)], turn + 1


def run(family: str, sent: bytes, cut: list[int], **options) -> bytes:
    stream = AnswerStream(family, streaming=True, **options)
    out = b"".join(stream.feed(chunk) for chunk in chunks(sent, cut))
    finished = stream.finish()
    assert finished.report.complete
    return out + finished.body


PROTOCOLS = {
    "openai_chat": ("openai", "openai_events", "read_openai"),
    "anthropic_messages": ("anthropic", "anthropic_events", "read_anthropic"),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(
    text=texts,
    inner=texts,
    sizes=sizes,
    cut=cuts,
    once=st.booleans(),
    body_ascii=st.booleans(),
    ascii_only=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_what_the_provider_echoes_comes_back_as_it_was_sent(
    protocol, text, inner, sizes, cut, once, body_ascii, ascii_only
):
    family, write, read = PROTOCOLS[protocol]
    arguments = {"note": inner, "deep": json.dumps({"again": inner}, ensure_ascii=body_ascii), "n": 1}
    messages = [
        {"role": "user", "content": text},
        {"role": "user", "content": json.dumps(arguments, ensure_ascii=body_ascii)},
    ]
    body = json.dumps({"model": "m", "max_tokens": 9, "messages": messages}, ensure_ascii=body_ascii).encode()
    request = DECODERS[protocol](body)
    redacted = redact(request, echo.find(request.parts(), VALUES, once=once), OPERATORS, echo.KEY)

    forwarded = orjson.loads(upstream_body(request, redacted.body))
    seen, seen_arguments = (message["content"] for message in forwarded["messages"])
    json.loads(seen_arguments)
    for value in VALUES:
        assert value not in seen, "a planted value has left"
        assert value not in str(deep_strings(json.loads(seen_arguments)))

    stream = getattr(echo, write)(echo.pieces(seen, sizes), echo.pieces(seen_arguments, sizes), ascii_only=ascii_only)
    delivered = run(family, stream, cut, placeholders=redacted.placeholders)
    got, got_arguments = getattr(echo, read)(delivered)
    assert got == without_secrets(text)
    parsed = json.loads(got_arguments)
    assert parsed["note"] == without_secrets(inner)
    assert json.loads(parsed["deep"]) == {"again": without_secrets(inner)}


def deep_strings(value) -> list[str]:
    if isinstance(value, str):
        try:
            again = json.loads(value)
        except ValueError:
            return [value]
        return deep_strings(again) if isinstance(again, dict | list) else [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for item in pair for text in deep_strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in deep_strings(item)]
    return []
