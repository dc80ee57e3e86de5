"""The engine: spans of the original text, whatever the text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ConfigurationError
from gateway.flow import Span
from gateway.inspection.engine import Engine

VALUES = {
    "CREDIT_CARD": "4111 1111 1111 1111",
    "CN_ID": "11010519491231002X",
    "EMAIL": "li.wei@example.com",
    "IBAN": "DE89 3704 0044 0532 0130 00",
    "PHONE": "+86 139 1234 5678",
}
HIDING = ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad"]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(names=False)


def full_width(value: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in value)


@pytest.mark.parametrize(("label", "value"), VALUES.items())
@pytest.mark.parametrize("around", [("", ""), ("see ", "."), ("号码：", "，谢谢"), ('{"v":"', '"}'), ("😀 ", " 😀")])
def test_a_value_is_found_exactly(engine, label, value, around):
    before, after = around
    assert [(span.start, span.end, span.label) for span in engine.inspect(before + value + after)] == [
        (len(before), len(before) + len(value), label)
    ]


@settings(max_examples=60)
@given(st.sampled_from(sorted(VALUES)), st.sampled_from(HIDING), st.integers(1, 9), st.booleans())
def test_a_hidden_value_is_found_where_it_stands(label, hidden, place, wide):
    value = VALUES[label]
    if wide:
        value = full_width(value)
    value = value[:place] + hidden + value[place:]
    text = f"我的号码：{value}，谢谢"
    spans = Engine_once().inspect(text)
    assert [(text[span.start : span.end], span.label) for span in spans] == [(value, label)]


_kept: list[Engine] = []


def Engine_once() -> Engine:
    """Hypothesis does not mix with function fixtures; one engine for all examples."""
    if not _kept:
        _kept.append(Engine(names=False))
    return _kept[0]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([*VALUES.values(), "password=", "api_key: ", "sk-", "eyJ", "-----BEGIN PRIVATE KEY-----"]),
            st.text(st.characters(), max_size=12),
        ),
        max_size=12,
    ).map("".join)
)
def test_any_text_gives_disjoint_spans_inside_it(text):
    spans = Engine_once().inspect(text)
    assert all(0 <= span.start < span.end <= len(text) and 0 < span.score <= 1 for span in spans)
    assert all(left.end <= right.start for left, right in pairwise(spans))
    assert Engine_once().inspect(text) == spans


def test_a_batch_gives_what_each_text_gives(engine):
    texts = [f"no. {number}: {value}" for number, value in enumerate(VALUES.values())] + ["", "nothing here"]
    assert engine.inspect_many(texts) == [engine.inspect(text) for text in texts]


def test_a_lone_surrogate_and_nul_do_no_harm(engine):
    spans = engine.inspect("\ud800\x00 mail li@example.com \udfff")
    assert [span.label for span in spans] == ["EMAIL"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece",
    ["1", "1 ", "1234-", "@", "a@", "a.", "password=", "sk-", "eyJaaaaaaaaa.", "-----BEGIN PRIVATE KEY-----", "http://a:b@",
     "1号", "1 St ", "Server=a;", "\u200b", "e\u0301", "Straße 1 ", "DE12 ", "passport ", "plate A1 "],
)  # fmt: skip
def test_hostile_repetition_is_survived(engine, piece):
    engine.inspect(piece * (60_000 // len(piece)))


def test_without_a_model_the_names_tier_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="names"):
        Engine(names_folder=tmp_path)


def test_other_detectors_take_part():
    class Marks:
        def tag(self, texts):
            return [[Span(0, 4, "ORG", 0.5, "marks")] if text.startswith("Acme") else [] for text in texts]

    engine = Engine(names=False, detectors=[Marks()])
    assert [span.label for span in engine.inspect("Acme, li@example.com")] == ["ORG", "EMAIL"]
    assert engine.version != Engine(names=False).version


def test_the_version_is_stable():
    assert Engine(names=False).version == Engine(names=False).version
