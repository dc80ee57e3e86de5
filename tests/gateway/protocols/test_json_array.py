"""A stream that is one JSON array: elements come out whole, with every byte, wherever the stream was cut."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.protocols.answer import MalformedAnswer
from gateway.protocols.json_array import ArrayReader

values = st.recursive(
    st.one_of(st.text(alphabet='ab"\\[]{},: é\n', max_size=6), st.integers(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=8,
)


def read(body: bytes, cuts: list[int]) -> list:
    reader = ArrayReader()
    out, at = [], 0
    for cut in [*sorted(cuts), len(body)]:
        out += reader.feed(body[at:cut])
        at = max(at, cut)
    return out


@given(st.lists(st.dictionaries(st.text(max_size=3), values, max_size=3), max_size=4), st.data(), st.booleans())
def test_elements_come_out_whole_wherever_it_is_cut(elements, data, indented):
    body = b"[" + b",\r\n".join(json.dumps(one, indent=2 if indented else None).encode() for one in elements) + b"\n]\n"
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=8))
    events = read(body, cuts)
    assert [orjson.loads(event.data) for event in events if event.data is not None] == elements
    assert b"".join(event.raw for event in events) == body.rstrip(b"\n")
    assert events[-1].data is None


def test_an_element_is_out_with_its_last_byte():
    reader = ArrayReader()
    assert list(reader.feed(b'[{"a": "]},{"')) == []
    assert [event.raw for event in reader.feed(b"}\n")] == [b'[{"a": "]},{"}']
    assert [event.data for event in reader.feed(b', {"b":1}]')] == [b'{"b":1}', None]


def test_another_element_in_its_place_keeps_what_stands_around_it():
    first, second, _ = read(b'[\n{"a":1}\n,\r\n{"b":2}]', [])
    assert first.with_data(b"{}") == b"[\n{}"
    assert second.with_data(b"{}") == b"\n,\r\n{}"


@pytest.mark.parametrize(
    "body", [b"{}", b"[1]", b'["a"]', b'[{"a":1} {"b":2}]', b"[[{}]]", b'x[{"a":1}]', b"[1,{}]", b"]"]
)
def test_what_is_no_array_of_objects_is_malformed(body):
    with pytest.raises(MalformedAnswer):
        read(body, [])
