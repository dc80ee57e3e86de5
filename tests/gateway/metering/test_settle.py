"""Settling: one result per flow, in the record's groups, without floats, whatever an item looks like."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.steps import finished
from gateway.metering.settle import Settlement
from watermark.fingerprint import decode, likeness, winnow

SETTLEMENT = Settlement()
KEY = bytes(range(32))
ANSWER = "The river rises in the hills and runs past twelve old mills before it meets the sea at the small harbour."


def item(**changes: Any) -> dict[str, Any]:
    return {
        "flow": "0199", "tenant": "acme", "provider": "demo", "price_provider": "demo", "model": "smollm2-135m",
        "tokenizer": "o200k", "protocol": "openai_chat", "finish": "stop",
        "request": [{"role": "user", "text": "Tell me of the river."}], "output_text": ANSWER, "delivered_text": ANSWER,
        "reported": {"input": 13, "cached_input": 0, "cache_write": 0, "output": 22, "reasoning": 0},
        "at": 1_795_000_000_000_000, "latency_ms": 412, "first_byte_ms": 96,
        "labels": ["fingerprint"], "known_entities": {"PERSON": 1}, "fingerprint_key": KEY.hex(), **changes,
    }  # fmt: skip


def floats_in(value: Any) -> bool:
    if isinstance(value, dict):
        return any(floats_in(one) for one in value.values())
    return isinstance(value, float) or (isinstance(value, list) and any(map(floats_in, value)))


def test_a_settled_flow() -> None:
    (settled,) = SETTLEMENT.settle_many([item()])
    assert settled["pub"] == {"labels": ["fingerprint"], "answer_entities": {"PERSON": 1}}
    assert settled["meter"] == {
        "reported": {"input": 13, "cached_input": 0, "cache_write": 0, "output": 22, "reasoning": 0},
        "counted": {"input": 13, "output": 22, "method": "template", "tokenizer": "o200k"},
        "discrepancy": False,
        "price": {"amount": "0.0000101", "currency": "USD", "match": "exact", "book": "lexgate-demo@2026-11-24"},
        "latency_ms": 412,
        "first_byte_ms": 96,
    }
    assert likeness(winnow(ANSWER, KEY), decode(settled["digest"]["fingerprint"])).of_query == 1000


def test_a_lying_provider_is_flagged_with_the_difference() -> None:
    reported = {"input": 13, "cached_input": 0, "cache_write": 0, "output": 62, "reasoning": 0}
    (settled,) = SETTLEMENT.settle_many([item(reported=reported)])
    assert settled["meter"]["discrepancy"] is True
    assert settled["meter"]["deviation"] == {"input": 0, "output": 40}


def test_without_reported_usage_the_price_is_of_our_own_count() -> None:
    (settled,) = SETTLEMENT.settle_many([item(reported=None)])
    assert settled["meter"]["reported"] is None
    assert settled["meter"]["price"]["amount"] == "0.0000101"


def test_what_is_made_and_is_no_text_is_neither_counted_nor_taken_for_a_lie() -> None:
    """A picture is reported with hundreds of tokens that no count of texts sees; a recording often with none at all."""
    reported = {"input": 13, "cached_input": 0, "cache_write": 0, "output": 4160, "reasoning": 0}
    picture, recording = SETTLEMENT.settle_many(
        [
            item(media=True, output_text="", delivered_text="", **more)
            for more in ({"reported": reported}, {"reported": None})
        ]
    )
    assert picture["meter"]["discrepancy"] is False
    assert picture["meter"]["counted"]["media"] is True
    assert "pictures, recordings and films" in picture["meter"]["counted"]["reason"]
    assert picture["meter"]["price"]["amount"] == "0.0016653"
    assert recording["meter"]["price"] is None  # a price of the prompt alone would be a wrong one
    text = item(reported=reported)
    assert SETTLEMENT.settle_many([text])[0]["meter"]["discrepancy"] is True


def test_texts_that_were_not_kept_are_not_counted() -> None:
    (settled,) = SETTLEMENT.settle_many([item(output_text="", delivered_text="", request=[], skipped=True)])
    assert settled["meter"]["counted"]["method"] == "none"
    assert settled["meter"]["price"]["amount"] == "0.0000101"
    (unknown,) = SETTLEMENT.settle_many([item(output_text="", request=[], skipped=True, reported=None)])
    assert unknown["meter"]["price"] is None


@pytest.mark.parametrize(
    "broken",
    [
        {"fingerprint_key": "zz"},
        {"fingerprint_key": "00"},
        {"request": [{"role": "user"}]},
        {"output_text": None, "delivered_text": None},
        {"reported": {"input": -1}},
        {"reported": {"input": 1.5}},
        {"at": "yesterday"},
        {"model": None},
    ],
)
def test_a_bad_item_does_not_spoil_its_batch(broken: dict[str, Any]) -> None:
    good, bad, after = SETTLEMENT.settle_many([item(), item(flow="0200", **broken), item()])
    assert good == after
    assert bad["flow"] == "0200"
    assert bad["meter"]["counted"]["method"] == "none"
    assert bad["meter"]["counted"]["reason"].startswith("not settled: ")
    assert bad["meter"]["reported"] == (None if "reported" in broken else item()["reported"])
    assert ANSWER not in str(bad)


def test_a_batch_is_settled_one_flow_a_step() -> None:
    items = [item(), item(flow="0200"), item(flow="0300")]
    steps = SETTLEMENT.settled_in_steps(items)
    assert [next(steps) for _ in items] == [None, None, None]
    assert finished(steps) == SETTLEMENT.settle_many(items)


def test_an_item_that_is_no_item_is_still_one_result() -> None:
    (settled,) = SETTLEMENT.settle_many(["nonsense"])  # type: ignore[list-item]
    assert settled["meter"]["counted"]["reason"] == "not settled: TypeError"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(item())), json_values)
def test_no_item_raises_and_no_result_holds_a_float(key: str, value: Any) -> None:
    (settled,) = SETTLEMENT.settle_many([item(**{key: value})])
    assert set(settled) == {"flow", "pub", "meter", "digest", "rows"}
    assert not floats_in(settled)
