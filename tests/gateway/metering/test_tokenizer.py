"""Tokenizers that are missing are said to be missing; nothing downloads, nothing is guessed silently."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gateway.demo.provider import DemoUnavailable
from gateway.metering import tokenizer
from gateway.metering.recount import Exchange, Method, Recounter
from gateway.metering.settle import Settlement
from gateway.metering.tokenizer import TokenizerMissing, Tokenizers


def test_known_counts_of_the_public_encodings() -> None:
    tokenizers = Tokenizers()
    assert tokenizers.count("o200k", "hello world") == 2
    assert tokenizers.count("cl100k", "hello world") == 2
    assert tokenizers.count("o200k", "你好，世界") < tokenizers.count("cl100k", "你好，世界") + 3
    assert tokenizers.count("o200k", "") == 0


def test_only_the_native_part_of_the_package_is_loaded() -> None:
    Tokenizers().load("o200k")
    assert "lexgate_bpe_openai._bindings" in sys.modules


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(TokenizerMissing, match="known: o200k, cl100k, smollm2"):
        Tokenizers().load("gpt2")


def test_without_the_demo_extra_its_model_is_estimated_and_the_reason_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise DemoUnavailable("not installed: run `make install`")

    monkeypatch.setattr(tokenizer, "model_file", missing)
    counted = Recounter().count(Exchange("smollm2-135m", [("user", "hi")], "ho"))
    assert counted.method is Method.ESTIMATE
    assert "make install" in counted.reason
    Settlement().warm(["o200k_base", "smollm2", "nonsense"])  # what is not installed is left to the calls


def test_a_text_that_another_tenant_has_counted_is_counted_anew() -> None:
    """What was counted before takes less time, which nobody may learn of another."""
    asked: list[str] = []

    class Counting:
        def count(self, text: str) -> int:
            asked.append(text)
            return len(text)

    tokenizers, text = Tokenizers(), "word " * 200
    tokenizers._loaded["o200k"] = Counting()
    recounter = Recounter(tokenizers)
    for memory in (b"acme", b"acme", b"globex", b"acme", b"globex"):
        recounter.count(Exchange("gpt-4o", [("user", text)], "", memory=memory))
    assert asked.count(text) == 2
