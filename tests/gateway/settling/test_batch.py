"""A batch of flows travels with each text once, and arrives as it was."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from gateway.settling.batch import packed, unpacked

texts = st.sampled_from(["", "hello", "what was said before", "你好"])
rows = st.one_of(
    st.fixed_dictionaries({"role": st.just("user"), "text": texts}),
    st.fixed_dictionaries({"role": st.just("assistant"), "tokens": st.integers(0, 9)}),
)
items = st.lists(
    st.fixed_dictionaries(
        {"flow": st.text("ab"), "request": st.lists(rows, max_size=4), "output_text": texts, "delivered_text": texts}
    ),
    max_size=5,
)


@given(items)
def test_a_batch_arrives_as_it_was(items: list[dict[str, object]]) -> None:
    before = orjson.dumps(items)
    batch = packed(items)
    assert orjson.dumps(items) == before  # a batch that fails is sent again
    assert len(set(batch["texts"])) == len(batch["texts"])
    assert unpacked(orjson.loads(orjson.dumps(batch))) == items


def test_what_two_turns_have_in_common_travels_once() -> None:
    said = "what was said before"
    turn = {"request": [{"role": "user", "text": said}], "output_text": "hello", "delivered_text": "hello"}
    assert packed([turn, turn])["texts"] == ["hello", said]
