"""The pass over a body: the C extension and the Python implementation say the same, and the JSON parser agrees."""

from __future__ import annotations

import contextlib
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.protocols import scanning_python as python
from gateway.protocols.scanning import DUPLICATE, ESCAPED_KEY, LONG_NUMBER, NUL, TOO_DEEP, TOO_MANY

native = pytest.importorskip("gateway.protocols._scan", reason="the C extension was not built")
BOTH = [native, python]

texts = st.text(st.sampled_from('ab:,{}[]"\\é😀\n'), max_size=40)
values = st.recursive(
    st.one_of(texts, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=20), st.dictionaries(texts, inner, max_size=20)),
    max_leaves=40,
)


@pytest.mark.parametrize("scan", BOTH)
@pytest.mark.parametrize(
    ("body", "flags"),
    [
        (b"{}", 0),
        (b'{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}', 0),
        (b'{"a":1,"b":2,"a":3}', DUPLICATE),
        (b'{"x":[{"a":1,"a":1}]}', DUPLICATE),
        (b'{"x":"a","y":"a"}', 0),
        (b'{"a":1,"\\u0061":2}', ESCAPED_KEY),
        (b'{"a":"\\"","b":"\\\\"}', 0),
        (b'{"a":123456789012345678}', 0),
        (b'{"a":1234567890123456789}', LONG_NUMBER),
        (b'{"a":0.30000000000000004}', LONG_NUMBER),
        (b'{"a":0.7,"b":-1.5e-7}', 0),
        (b'{"a":"\\u0000"}', NUL),
        (b'{"a":"\\\\u0000"}', 0),
        (b'{"a":"\\\\\\u0000"}', NUL),
        (b'{"a":[[1]]}', 0),
        (b'{"a":[[[1]]]}', TOO_DEEP),
        (b'{"a":[1,2,3,4,5,6,7,8,9,10,11,12]}', TOO_MANY),
        (b'{"a":[ ],"b":{ },"c":[1,2,3,4,5,6,7,8,9]}', 0),
        (b'{"a":[[[1,2],2,3,4,5,6,7,8,9,10,11,12]]}', TOO_DEEP),
        (b'{"b":[1,2,3,4,5,6,7,8,9,10],"a":[[[1]]]}', TOO_MANY),
    ],
)
def test_flags(scan, body, flags):
    assert scan.check(body, 3, 12) == flags


@given(values, st.integers(0, 30))
def test_nodes_are_counted_until_there_are_too_many(value, most):
    def count(part):
        if isinstance(part, dict):
            return 1 + len(part) + sum(map(count, part.values()))
        return 1 + sum(map(count, part)) if isinstance(part, list) else 0

    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    for scan in BOTH:
        assert scan.nodes(body, 10_000) == count(value)
        assert scan.nodes(body, most) == min(count(value), most + 1)


@given(st.binary(max_size=60))
def test_any_bytes_can_be_counted(body):
    assert native.nodes(body, 50) <= 51


@pytest.mark.parametrize("scan", BOTH)
def test_members_and_items_have_their_ranges(scan):
    body = b' {"a" : [1, "x,]" ,{"b":[2]}],\n"\\u0062":{"c":"}"} , "d":-1.5e3,"e":[ ]} '
    said = [
        (body[key:key_end], body[start:end], items and [body[slice(*item)] for item in items])
        for key, key_end, start, end, items in scan.members(body)
    ]
    assert said == [
        (b'"a"', b'[1, "x,]" ,{"b":[2]}]', [b"1", b'"x,]"', b'{"b":[2]}']),
        (b'"\\u0062"', b'{"c":"}"}', None),
        (b'"d"', b"-1.5e3", None),
        (b'"e"', b"[ ]", []),
    ]


@given(st.dictionaries(texts, values, max_size=20), st.booleans(), st.sampled_from([None, 1, 4]))
def test_both_agree_and_every_range_holds_its_value(tree, ascii_only, indent):
    body = json.dumps(tree, ensure_ascii=ascii_only, indent=indent).encode()
    assert native.check(body, 64, 60_000) == python.check(body, 64, 60_000)
    found = native.members(body)
    assert found == python.members(body)
    assert {json.loads(body[row[0] : row[1]]): json.loads(body[row[2] : row[3]]) for row in found} == tree
    for (_, _, _, _, items), value in zip(found, tree.values(), strict=True):
        if isinstance(value, list):
            assert [json.loads(body[start:end]) for start, end in items] == value


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_bytes_are_survived(noise, cut):
    body = b'{"a":[{"b":"\\u0000","c":[1,2]}],"d":' + noise
    for text in (noise, body, body[:cut]):
        for ask in (lambda text: native.check(text, 64, 100), native.members):
            with contextlib.suppress(ValueError):
                assert ask(text) is not None


def test_many_keys_are_compared_too():
    keys = [f'"k{number}":1' for number in range(5000)]
    assert native.check(("{" + ",".join(keys) + "}").encode(), 64, 60_000) == 0
    assert native.check(("{" + ",".join([*keys, '"k4000":2']) + "}").encode(), 64, 60_000) == DUPLICATE


COLLIDING = [(b"cf894c5d", b"52c2eda8"), (b"7c53f1e0", b"c084d0c2"), (b"7c265331", b"7e7be6bb"), (b"608cbe94", b"7bbb9f2a"), (b"8d82d81c", b"3cb4496e")]  # fmt: skip
"""From the start of the pass's hash, either of each pair leads to the same state: 32 keys of one hash."""


@pytest.mark.parametrize("scan", BOTH)
def test_keys_of_one_hash_are_told_apart(scan):
    keys = [b"".join(way) for way in itertools.product(*COLLIDING)]
    members = [b'"%b":1' % key for key in keys]
    assert scan.check(b"{%b}" % b",".join(members), 3, 100) == 0
    assert scan.check(b"{%b}" % b",".join([*members, members[7]]), 3, 100) == DUPLICATE
