"""Recounting: which tokenizer for which model, and the alarm that honest calls never raise."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.flow import Usage
from gateway.metering.discrepancy import compare
from gateway.metering.recount import Exchange, Method, Recounter, tokenizer_for
from gateway.metering.tokenizer import Tokenizers
from tests.providers import answers
from tests.providers.behaviour import parse

RECOUNTER = Recounter()


@pytest.mark.parametrize(
    ("model", "hint", "expected"),
    [
        ("gpt-4o-mini", "", ("o200k", True)),
        ("openai/gpt-5.2-codex", "", ("o200k", True)),
        ("o3", "", ("o200k", True)),
        ("gpt-4-turbo", "", ("cl100k", True)),
        ("smollm2-135m", "", ("smollm2", True)),
        ("claude-sonnet-4-5", "", ("o200k", False)),
        ("qwen3-max", "", ("o200k", False)),
        ("anything", "cl100k_base", ("cl100k", True)),
        ("anything", "none", ("none", True)),
    ],
)
def test_the_tokenizer_of_a_model(model: str, hint: str, expected: tuple[str, bool]) -> None:
    assert tokenizer_for(model, hint) == expected


def exchange_of(text: str, tokenizer: str = "o200k") -> tuple[Exchange, Usage]:
    """What the canned provider honestly reports for an echo, and what the gateway saw."""
    request = {
        "model": "echo",
        "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": text}],
    }
    said = answers.answer(request, b"", parse("echo"))
    seen = Exchange("echo", [("system", "Be kind."), ("user", text)], text, tokenizer)
    return seen, Usage(input=said.tokens_in, output=said.tokens_out)


def test_honest_calls_raise_no_alarm() -> None:
    chance = random.Random(11)
    for _ in range(1000):
        text = "".join(chance.choices("abc de,.\n 你好世界ü😀123", k=chance.randint(0, 400)))
        for tokenizer in ("o200k", ""):
            seen, reported = exchange_of(text, tokenizer)
            assert not compare(reported, RECOUNTER.count(seen)).flagged


def test_an_honest_provider_with_another_tokenizer_raises_no_alarm() -> None:
    chance, other = random.Random(12), Tokenizers()
    for _ in range(200):
        text = "".join(chance.choices("abc de你好世界，模型。", k=chance.randint(0, 2000)))
        counted = RECOUNTER.count(Exchange("some-model", [("user", text)], text))
        reported = Usage(input=other.count("cl100k", text) + 8, output=other.count("cl100k", text))
        assert counted.method is Method.ESTIMATE
        assert not compare(reported, counted).flagged


@given(st.integers(min_value=400, max_value=3000), st.integers(min_value=5, max_value=50))
def test_a_lie_of_five_percent_and_twenty_tokens_is_always_found(words: int, percent: int) -> None:
    seen, honest = exchange_of("word " * words)
    lie = Usage(input=honest.input, output=honest.output + max(20, -(-honest.output * percent // 100)))
    found = compare(lie, RECOUNTER.count(seen))
    assert found.flagged
    assert found.output == lie.output - honest.output


def test_reasoning_that_nobody_saw_is_not_called_a_lie() -> None:
    seen, honest = exchange_of("word " * 500)
    assert not compare(Usage(honest.input, 0, 0, honest.output + 5000, 5000), RECOUNTER.count(seen)).flagged


def test_what_cannot_be_counted_is_said() -> None:
    tools = RECOUNTER.count(Exchange("gpt-4o", [("user", "hi")], "", tools=True))
    assert (tools.input_method, tools.output_method) == (Method.ESTIMATE, Method.TEMPLATE)
    assert "tools" in tools.reason
    assert RECOUNTER.count(Exchange("m", [("user", "hi")], "x", tokenizer="none")).method is Method.NONE
    assert RECOUNTER.count(Exchange("m", [], "", known=False)).reason == "the texts were not kept"
    misspelt = RECOUNTER.count(Exchange("m", [("user", "hi")], "x", tokenizer="o2oo"))
    assert misspelt.method is Method.ESTIMATE
    assert "o2oo" in misspelt.reason


def test_a_call_without_reported_usage_has_no_discrepancy() -> None:
    assert not compare(None, RECOUNTER.count(exchange_of("word " * 500)[0])).flagged


@given(st.text())
def test_any_text_can_be_counted_twice_alike(text: str) -> None:
    tokenizers = Tokenizers()
    long = text + "x" * 300
    assert tokenizers.count("o200k", long) == tokenizers.count("o200k", long) == Tokenizers().count("o200k", long)
    assert tokenizers.count("o200k", "\ud800") >= 1
