"""The JSON of GB 45438-2025, and what becomes of labels that a file came with."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from watermark.aigc.label import KEYS, AigcLabel, ours, parse, propagated

MINE = ours("me", "flow-0")


def test_all_seven_keys_in_order_and_ascii() -> None:
    text = AigcLabel("1", "生产者", "id").as_json()
    assert text.isascii()
    assert tuple(json.loads(text)) == KEYS
    assert json.loads(text)["ContentProducer"] == "生产者"


@given(st.builds(AigcLabel, *[st.text(max_size=20)] * 7))
def test_what_is_written_is_read(label: AigcLabel) -> None:
    assert parse(label.as_json()) == label
    assert parse(json.dumps({"AIGC": json.loads(label.as_json())})) == label


@given(st.text(max_size=60))
def test_other_texts_are_no_label(text: str) -> None:
    found = parse(text)
    assert found is None or isinstance(found, AigcLabel)


def test_no_labels() -> None:
    for text in ("", "null", "[]", "{}", '{"Label": []}', '{"Label": "1", "ProduceID": {}}', "[" * 5000, '"' * 9000):
        assert parse(text) is None


def test_another_producer_stays_named_and_we_stand_as_propagator() -> None:
    theirs = AigcLabel("2", "provider", "their-id", content_propagator="somebody", propagate_id="x")
    kept = propagated((theirs,), MINE)
    assert (kept.label, kept.content_producer, kept.produce_id) == ("1", "provider", "their-id")
    assert (kept.content_propagator, kept.propagate_id) == ("me", "flow-0")
    assert kept.identifiers == ("their-id", "flow-0")


def test_our_own_older_label_and_an_anonymous_one_give_way() -> None:
    assert propagated((ours("me", "flow-9"),), MINE) == MINE
    assert propagated((AigcLabel("3", "", ""),), MINE) == MINE
    assert propagated((), MINE) == MINE
