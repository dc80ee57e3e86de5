"""Strict reading of bodies and targets."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.control.document import MAX_DEPTH, check_media_type, check_target, parse
from gateway.errors import BadRequest, UnsupportedMediaType

REFUSED = {
    "empty": b"",
    "truncated": b'{"text": "a',
    "trailing": b"{} {}",
    "invalid UTF-8": b'{"text": "\xff"}',
    "encoded surrogate": b'{"text": "\xed\xa0\x80"}',
    "escaped lone surrogate": b'{"text": "\\ud83d"}',
    "lone surrogate in a key": b'{"\\udc00": 1}',
    "NUL": b'{"text": "a\\u0000"}',
    "NUL in a key": b'{"\\u0000": 1}',
    "raw control character": b'{"text": "\x01"}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "duplicate key": b'{"text": "a", "text": "b"}',
    "inner duplicate key": b'[{"a": {"b": 1, "b": 1}}]',
    "NaN": b"[NaN]",
    "Infinity": b"[-Infinity]",
    "overflow": b"[1e999]",
    "long number": b"[" + b"9" * 5000 + b"]",
    "deep lists": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    "very deep lists": b"[" * 100_000 + b"]" * 100_000,
    "very deep and open": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        parse(REFUSED[name])
    assert refusal.value.message.startswith("body: ")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner
    ),
)  # fmt: skip


@given(json_values, st.booleans())
def test_what_is_plain_json_is_read_as_it_is(value: object, escape: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=escape).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        parse(raw)
    except BadRequest:
        return


def test_nesting_up_to_the_limit() -> None:
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


@pytest.mark.parametrize(
    ("path", "query"),
    [(b"/a%00b", b""), (b"/a%ff", b""), (b"/%ed%a0%80", b""), (b"/", b"q=%00"), (b"/", b"q=%c3%28"), (b"/", b"q=\xff"),
     (b"/", b"%0a"), (b"/" + b"a" * 9000, b""), (b"/", b"q=" + b"a" * 9000)],
)  # fmt: skip
def test_refused_targets(path: bytes, query: bytes) -> None:
    with pytest.raises(BadRequest):
        check_target(path, query)


def test_good_targets() -> None:
    check_target(b"/api/records/%E6%9D%8E", b"q=user:%E6%9D%8E+grade%3E%3DL3&limit=3")


@pytest.mark.parametrize(
    "value", ["application/json", "Application/JSON; charset=UTF-8", 'application/json; charset="utf-8"']
)
def test_media_types_taken(value: str) -> None:
    check_media_type(value)


@pytest.mark.parametrize(
    "value", ["", "text/plain", "application/xml", "application/json; charset=utf-16", "multipart/form-data"]
)
def test_media_types_refused(value: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        check_media_type(value)
