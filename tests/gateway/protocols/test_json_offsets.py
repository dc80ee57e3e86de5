"""Byte ranges of JSON values, and the way from a character of a decoded string back to its bytes."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.protocols.json_offsets import View, locate, tokens

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
values = st.recursive(
    st.one_of(texts, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=12,
)


def walk(value, path=()):
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, (*path, index))


@given(value=values, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
@settings(max_examples=200, deadline=None)
def test_every_value_is_found_at_its_bytes(value, ascii_only, indent):
    body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    expected = dict(walk(value))
    found = locate(body, list(expected))
    assert found.keys() == expected.keys()
    for path, (start, end) in found.items():
        assert json.loads(body[start:end]) == expected[path]


@given(value=texts, ascii_only=st.booleans(), depth=st.integers(1, 4), data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_replacement_at_any_depth_gives_what_replacing_in_the_decoded_text_gives(value, ascii_only, depth, data):
    start = data.draw(st.integers(0, len(value)))
    end = data.draw(st.integers(start, len(value)))
    outer = value
    for _ in range(depth):
        outer = json.dumps([outer], ensure_ascii=ascii_only)
    view = View(outer)
    for _ in range(depth):
        view = view.inside(next(token for token in tokens(view.text) if token.kind == "string"))
    assert view.text == value
    changed = outer[: view.root_position(start)] + view.encode('new "x"\\') + outer[view.root_position(end) :]
    for _ in range(depth):
        changed = json.loads(changed)[0]
    assert changed == value[:start] + 'new "x"\\' + value[end:]


def test_keys_come_with_their_paths():
    text = '{"a": {"b\\u0041": [1, "x"]}, "c": null}'
    assert [(t.path, t.key, text[t.start : t.end]) for t in tokens(text) if t.kind in {"string", "number"}] == [
        (("a",), True, '"a"'),
        (("a", "bA"), True, '"b\\u0041"'),
        (("a", "bA", 0), False, "1"),
        (("a", "bA", 1), False, '"x"'),
        (("c",), True, '"c"'),
    ]
