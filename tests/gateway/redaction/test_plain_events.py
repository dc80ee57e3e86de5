"""Deltas of one form, taken many at once: what comes out is what one event at a time gives, wherever the stream is cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.inspection.guard import GuardScanner
from gateway.protocols.answer import Channels
from gateway.redaction.placeholder import PlaceholderKey, Restorable
from gateway.redaction.stream import AnswerStream

GUARD = GuardScanner()
KEY = "sk-" + "a1B2c3D4e5F6g7H8i9J0"
MARK = PlaceholderKey(bytes(32), "acme", "crm/li").make("PERSON", "Li Wei")
CARD = "4111 1111 1111 1111"


def openai(text: str, spaced: bool, usage: bool) -> bytes:
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1732600000, "model": "m"}
    chunk |= {"choices": [{"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}]}
    return line(chunk | ({"usage": None} if usage else {}), spaced)


def anthropic(text: str, spaced: bool, usage: bool) -> bytes:
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
    return b"event: content_block_delta\n" + line(delta, spaced)


def line(chunk: dict[str, object], spaced: bool) -> bytes:
    separators = (", ", ": ") if spaced else (",", ":")
    return b"data: " + json.dumps(chunk, ensure_ascii=False, separators=separators).encode() + b"\n\n"


def stream(family: str, events: list[bytes], cuts: list[int], hide: bool) -> tuple[bytes, object]:
    answer = AnswerStream(
        family,
        streaming=True,
        placeholders={MARK: Restorable("PERSON", 'Li "W" Wei')},
        guard=GUARD,
        hide_usage=hide,
        flow="f",
    )
    whole, out, at = b"".join(events), b"", 0
    for cut in [*sorted({cut % (len(whole) + 1) for cut in cuts}), len(whole)]:
        out += answer.feed(whole[at:cut])
        at = cut
    finished = answer.finish()
    return out + finished.body, (finished.report.delivered_text, finished.report.stopped, finished.report.provider_text)


FORMS = {"openai": openai, "anthropic": anthropic}
END = {
    "openai": [
        b'data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
        b"data: [DONE]\n\n",
    ],
    "anthropic": [b'event: message_stop\ndata: {"type":"message_stop"}\n\n'],
}
SPOKEN = [
    "A",
    " gateway",
    " reads",
    " the",
    " call",
    ",",
    " 中文",
    "é",
    "\n",
    ' "so"',
    " \\",
    "",
    " each",
    MARK,
    MARK[:5],
    MARK[5:],
    KEY,
    KEY[:9],
    KEY[9:],
    f" {CARD}",
    " 4111 1111",
    " 1111 1111",
    " -",
    "----",
    " I'm",
    ".",
    " x1",
]
talks = st.lists(st.sampled_from(SPOKEN), max_size=12)


@given(
    st.sampled_from(sorted(FORMS)),
    talks,
    st.booleans(),
    st.booleans(),
    st.lists(st.integers(0, 4000), max_size=6),
    st.lists(st.integers(0, 12), max_size=2),
)
@example("openai", ["A", " gateway", " reads", " the", " call"], True, True, [], [])
@example("openai", [" gateway", " reads", f" {CARD}", " more"], False, False, [], [])
@example("anthropic", [" gateway", " reads", " key", KEY, " more", " more"], False, False, [], [2])
def test_many_at_once_are_as_one_at_a_time(
    family: str, spoken: list[str], spaced: bool, usage: bool, cuts: list[int], comments: list[int]
) -> None:
    events = [FORMS[family](text, spaced, usage) for text in spoken]
    for place in comments:
        events.insert(min(place, len(events)), b": keep-alive\n\n")
    events += END[family]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Channels, "learn", lambda *_: None)  # nothing is ever known: each event goes the whole way
        alone = stream(family, events, [], usage)
    assert stream(family, events, [], usage) == alone
    assert stream(family, events, cuts, usage) == alone


@pytest.mark.parametrize("family", sorted(FORMS))
def test_what_nothing_touches_keeps_its_bytes_many_at_once(family: str) -> None:
    events = [FORMS[family](text, True, False) for text in (" gateway", " reads", " calls", " before") * 20] + END[
        family
    ]
    out, (text, stopped, _) = stream(family, events, [], False)
    assert out == b"".join(events)
    assert text == " gateway reads calls before" * 20
    assert stopped is None


def test_a_provider_that_puts_something_new_into_each_event_costs_no_form_for_each() -> None:
    answer = AnswerStream("openai", streaming=True, guard=GUARD, flow="f")
    events = [openai(" gateway", False, False).replace(b"}\n\n", b',"obfuscation":"%d"}\n\n' % n) for n in range(50)]
    assert b"".join(answer.feed(event) for event in events) == b"".join(events)
    assert answer._answer.channels.tries == 8
