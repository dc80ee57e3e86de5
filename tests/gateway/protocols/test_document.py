"""Strict reading: what two JSON readers could understand differently is refused, without quoting it."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import BadRequest
from gateway.protocols.document import Literal, parse


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"secret": "s3cr3t"',
        b'{"secret": "s3cr3t',
        b'["s3cr3t"]',
        b'"s3cr3t"',
        b"null",
        b'{"s3cr3t": NaN}',
        b'{"s3cr3t": 1e999}',
        b'{"s3cr3t": Infinity}',
        b'{"s3cr3t": 01}',
        b'{"s3cr3t": "\xff"}',
        b'{"s3cr3t": "\xed\xa0\x80"}',
        b'{"s3cr3t": "\\ud800"}',
        b'{"s3cr3t": "\\udc00\\ud800"}',
        b'{"s3cr3t": "\\u0000"}',
        b'{"s3cr3t": "a\\\\\\u0000"}',
        b'{"s3cr3t": "\x00"}',
        b'{"s3cr3t": "\n"}',
        b'\xef\xbb\xbf{"s3cr3t": 1}',
        b'{"s3cr3t": 1} {}',
        b'{"s3cr3t": 1, "s3cr3t": 2}',
        b'{"s3cr3t": 1, "s3cr3\\u0074": 2}',
        b'{"a": [{"s3cr3t": 1, "b": {"c": "\\u003a", "c": "::"}}]}',
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_bad_bodies_are_refused_without_quoting_them(body):
    with pytest.raises(BadRequest) as refusal:
        parse(body)
    assert "s3cr3" not in refusal.value.message


def test_depth_up_to_the_limit_is_read():
    assert parse(b'{"a":' * 63 + b"{}" + b"}" * 63).tree
    with pytest.raises(BadRequest):
        parse(b'{"a":' * 64 + b"{}" + b"}" * 64)


def test_an_escaped_backslash_before_u0000_is_no_nul():
    assert parse(b'{"a": "\\\\u0000"}').tree == {"a": "\\u0000"}


def test_numbers_keep_their_digits():
    tree = parse(b'{"card": 62220212345678901234567, "temperature": 0.7, "odd": 1.0000000013800138000, "n": 12}').tree
    assert tree == {"card": "62220212345678901234567", "temperature": 0.7, "odd": "1.0000000013800138000", "n": 12}
    assert type(tree["card"]) is Literal
    assert type(tree["temperature"]) is float
    assert parse(b'{"id": 110101199003074514}').tree == {"id": 110101199003074514}


keys = st.text(st.sampled_from('ab:\\"é'), max_size=3)
values = st.recursive(
    st.one_of(st.text(st.sampled_from('ab:\\"{}[],é'), max_size=5), st.integers(0, 99), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.lists(st.tuples(keys, inner), max_size=3)),
    max_leaves=10,
)


def write(value) -> tuple[str, bool]:
    """A JSON text whose objects are lists of pairs here; and whether some key stands twice."""
    if isinstance(value, list) and value and all(isinstance(item, tuple) for item in value):
        written = [(json.dumps(key), *write(item)) for key, item in value]
        twice = len({key for key, _ in value}) < len(value) or any(flag for _, _, flag in written)
        return "{" + ",".join(f"{key}:{text}" for key, text, _ in written) + "}", twice
    if isinstance(value, list):
        written_items = [write(item) for item in value]
        return "[" + ",".join(text for text, _ in written_items) + "]", any(flag for _, flag in written_items)
    return json.dumps(value, ensure_ascii=False), False


@given(pairs=st.lists(st.tuples(keys, values), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_duplicate_keys_are_found_wherever_they_stand(pairs):
    text, twice = write(pairs)
    if twice:
        with pytest.raises(BadRequest):
            parse(text.encode())
    else:
        assert parse(text.encode()).tree == orjson.loads(text)
