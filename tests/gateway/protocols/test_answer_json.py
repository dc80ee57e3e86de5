"""An answer that is made to be costly is refused before it is parsed; a large one of ordinary parts is not."""

from __future__ import annotations

import pytest

from gateway.protocols import answer_json
from gateway.protocols.answer import MalformedAnswer
from gateway.protocols.answer_json import MOST, loads, parsed

COSTLY = {
    "members": b"{" + b",".join(b'"%06x":1' % number for number in range(MOST)) + b"}",
    "empty arrays": b'{"a":[' + b",".join([b"[]"] * MOST) + b"]}",
    "objects": b'{"a":[' + b",".join([b'{"a":1}'] * (MOST // 2)) + b"]}",
}


@pytest.mark.parametrize("body", COSTLY.values(), ids=COSTLY)
def test_too_many_parts_are_refused_unparsed(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    monkeypatch.setattr(answer_json, "orjson", None)
    with pytest.raises(MalformedAnswer):
        loads(body)


def test_many_numbers_and_long_texts_are_an_answer() -> None:
    vectors = b'{"data":[{"embedding":[' + b",".join([b"-0.0123"] * (MOST + 10)) + b"]}]}"
    assert len(loads(vectors)["data"][0]["embedding"]) == MOST + 10
    assert loads(b'{"text":"' + b"{[:" * MOST + b'"}')["text"].startswith("{[:")


def test_twenty_alternatives_for_each_of_four_thousand_tokens() -> None:
    one = b'{"token":"Hello","logprob":-0.12,"bytes":[72,101]}'
    token = b'{"token":"a","top_logprobs":[' + b",".join([one] * 20) + b"]}"
    assert len(loads(b'{"content":[' + b",".join([token] * 4_000) + b"]}")["content"]) == 4_000


def test_other_values_than_objects_hold_no_key_twice_either() -> None:
    assert parsed(b'[{"error":1}]') == [{"error": 1}]
    with pytest.raises(MalformedAnswer):
        parsed(b'[{"error":1,"error":2}]')
