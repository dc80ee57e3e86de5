"""The guard `names`: what was not inspected does not go on, and what comes out depends on the whole answer alone."""

from __future__ import annotations

import importlib.util
import json
import random
import re
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.flow import Span
from gateway.redaction.carried import CarriedText
from gateway.redaction.inspected_stream import InspectedStream
from gateway.redaction.names_guard import LIMIT, MARGIN, NamesGuard, Uninspected, Window, segment
from gateway.redaction.placeholder import Restorable


def _load(name: str):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


echo, scanner = _load("echo"), _load("scanner")

CARRIED = ("Maria Schneider", "李小龙", "maria@example.org")
FOREIGN = ("Anna Müller", "张三丰", "anna@example.org", 'Bo "the\\Bear" O\'Neil')
PLACEHOLDER = f"⟦PERSON_{'a' * 16}⟧"
KNOWN = {PLACEHOLDER: Restorable("PERSON", "Zoë Quux")}
UNKNOWN = f"⟦PERSON_{'b' * 16}⟧"
INSPECTOR = re.compile("|".join(map(re.escape, [*CARRIED, *FOREIGN, "PERSON", "⟦", "Zoë Quux"])))
REQUEST = CarriedText([f"Write to {CARRIED[0]},", f"{CARRIED[1]} and {CARRIED[2]}"])

FAMILIES = {
    "openai": (echo.openai_events, echo.read_openai),
    "anthropic": (echo.anthropic_events, echo.read_anthropic),
}


def found(text: str) -> list[Span]:
    """An inspector that knows some names; it takes placeholders for names, too."""
    return [
        Span(m.start(), m.end(), "EMAIL" if "@" in m.group() else "PERSON", 0.9, "test")
        for m in INSPECTOR.finditer(text)
    ]


def stream_of(family: str, *, streaming: bool = True, **options) -> tuple[InspectedStream, NamesGuard]:
    names = NamesGuard(lambda label, value: label == "ORG" or REQUEST.holds(value))
    stream = InspectedStream(family, streaming=streaming, names=names, placeholders=KNOWN, **options)
    return stream, names


def learn(names: NamesGuard, texts: list[str] | None = None) -> None:
    for text in names.wanted() if texts is None else texts:
        names.learn(text, found(text))


def run(family: str, chunks: list[bytes], *, streaming: bool = True, luck: random.Random | None = None, **options):
    """Everything delivered, and the report. `luck`: verdicts come late and in any order."""
    stream, names = stream_of(family, streaming=streaming, **options)
    out = []
    for chunk in chunks:
        out.append(stream.feed(chunk))
        wanted = names.wanted()
        if luck is not None:
            luck.shuffle(wanted)
            wanted = wanted[: luck.randrange(len(wanted) + 1)]
        learn(names, wanted)
        out.append(stream.idle())
    stream.end()
    learn(names)
    out.append(stream.idle())
    finished = stream.finish()
    return b"".join(out) + finished.body, finished.report


def restored(text: str) -> str:
    return text.replace(PLACEHOLDER, "Zoë Quux")


def expected(text: str) -> tuple[str, bool]:
    """What may be said of this text, and whether it is stopped."""
    first = min((text.find(name) for name in FOREIGN if name in text), default=-1)
    return (restored(text), False) if first < 0 else (restored(text[:first]), True)


filler = st.text(st.sampled_from("  ab.,!?:;\n\"'{}()\\。，们A1é😀-"), max_size=40)
padding = st.integers(0, 120).map(lambda n: "word " * n) | st.integers(0, 900).map(lambda n: "字" * n)
pieces = st.one_of(filler, padding, st.sampled_from([*CARRIED, PLACEHOLDER, UNKNOWN]))
clean = st.lists(pieces, max_size=6).map(" ".join)
texts = st.tuples(clean, st.sampled_from(["", "", *FOREIGN]), clean).map(" ".join).map(lambda text: "x " + text)
sizes = st.lists(st.integers(1, 60), min_size=1, max_size=5)
cuts = st.lists(st.integers(1, 900), min_size=1, max_size=5)


def cut_up(whole, sizes: list[int], fine: int) -> list:
    """In pieces of these sizes, `fine` of them, then ever coarser: a long answer in single bytes would take seconds."""
    out, at, turn = [], 0, 0
    while at < len(whole):
        size = sizes[turn % len(sizes)] << turn // fine
        out.append(whole[at : at + size])
        at, turn = at + size, turn + 1
    return out


def chunks_of(data: bytes, sizes: list[int]) -> list[bytes]:
    return cut_up(data, sizes, fine=100)


def fragments_of(text: str, sizes: list[int]) -> list[str]:
    return cut_up(text, sizes, fine=12)


@pytest.mark.parametrize("family", FAMILIES)
@given(text=texts, inner=texts, sizes=sizes, cut=cuts, luck=st.randoms(use_true_random=False), ascii_only=st.booleans())
@settings(max_examples=40, deadline=None)
def test_names_of_the_request_pass_and_others_stop_the_answer_however_it_is_cut(
    family, text, inner, sizes, cut, luck, ascii_only
):
    write, read = FAMILIES[family]
    arguments = json.dumps({"note": inner}, ensure_ascii=ascii_only)
    sent = write(fragments_of(text, sizes), fragments_of(arguments, sizes))
    whole, report = run(family, [sent])
    assert report.complete
    assert run(family, chunks_of(sent, cut), luck=luck)[0] == whole

    got, got_arguments = read(whole)
    said, stopped = expected(text)
    foreign = next((name for name in FOREIGN if name in inner), None)
    given = json_restored(arguments, ascii_only)
    if foreign is not None:
        raw = json.dumps(foreign, ensure_ascii=ascii_only)[1:-1]
        given = json_restored(arguments[: arguments.index(raw)], ascii_only)
    assert (report.stopped is not None) == (stopped or foreign is not None)
    if report.stopped is None:
        assert (got, json.loads(got_arguments)) == (said, {"note": restored(inner)})
    elif family == "anthropic":  # one block after the other
        assert (got, got_arguments) == (said, "" if stopped else given)
    else:  # the end of the text comes with the choice's own end, after the arguments: whichever is first ends both
        assert (got, given) in {(said, given), (said[: len(got)], got_arguments)}
        assert given.startswith(got_arguments)


def json_restored(raw: str, ascii_only: bool) -> str:
    placeholder = json.dumps(PLACEHOLDER, ensure_ascii=ascii_only)[1:-1]
    return raw.replace(placeholder, "Zoë Quux")


@given(text=texts, cut=sizes)
@settings(max_examples=150, deadline=None)
def test_segments_are_a_function_of_the_text_and_at_most_400_characters_are_held(text, cut):
    def segments(fragments: list[str]) -> list[str]:
        held, out = "", []
        for fragment in [*fragments, ""]:
            held += fragment
            while place := segment(held[:LIMIT], last=not fragment):
                size, seen = place
                assert 0 < size <= seen <= LIMIT
                assert size == seen or seen - size >= MARGIN
                out.append(held[:size])
                held = held[size:]
            assert len(held) < LIMIT
        return out

    whole = segments([text])
    assert "".join(whole) == text
    assert segments(echo.pieces(text, cut)) == whole


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_goes_on_before_it_was_inspected_and_idle_gives_what_was(family):
    write, read = FAMILIES[family]
    stream, names = stream_of(family)
    assert read(stream.feed(write(["It is done. And ", "so on. Then"], [])[:-40]))[0] == ""
    assert read(stream.idle())[0] == ""
    assert [text.rpartition("done. ")[2] or text for text in names.wanted()][:2] == ["It is done. ", "And so on. "]
    learn(names)
    assert read(stream.idle())[0].startswith("It is done. And so on. ")
    assert stream.idle() == b""


@pytest.mark.parametrize("family", FAMILIES)
def test_an_end_without_verdicts_is_no_end(family):
    write, _ = FAMILIES[family]
    stream, _ = stream_of(family)
    stream.feed(write(["Anna Müller"], []))
    with pytest.raises(Uninspected):
        stream.finish()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stop_has_the_protocols_own_form(family):
    write, read = FAMILIES[family]
    out, report = run(family, [write(["Ask Dr. Anna", " Müller. Or not."], [])])
    assert read(out)[0] == "Ask Dr. "
    assert (report.stopped, report.finish) == ("PERSON", "content_filter" if family == "openai" else "refusal")
    last = echo.payloads(out)
    if family == "openai":
        assert last[-1]["choices"] == [{"index": 0, "delta": {}, "finish_reason": "content_filter"}]
        assert out.endswith(b"data: [DONE]\n\n")
    else:
        assert [event["type"] for event in last[-3:]] == ["content_block_stop", "message_delta", "message_stop"]
    assert "Müller" in report.provider_text
    assert "Müller" not in report.delivered_text


def test_reasoning_and_refusals_are_held_to_it_too():
    for name in ("reasoning_content", "refusal"):
        delta = {"index": 0, "delta": {name: "He means Anna Müller. "}, "finish_reason": None}
        event = {"id": "c1", "model": "m", "choices": [delta]}
        out, report = run("openai", [b"data: " + orjson.dumps(event) + b"\n\n"])
        assert report.stopped == "PERSON"
        assert "Anna" not in out.decode()
        assert "He means " in out.decode()


def test_thinking_is_held_to_it_too():
    delta = {"type": "thinking_delta", "thinking": "He means Anna Müller. "}
    start = {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}
    events = [start, {"type": "content_block_delta", "index": 0, "delta": delta}]
    out, report = run("anthropic", [b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in events)])
    assert report.stopped == "PERSON"
    assert b"He means " in out
    assert b"Anna" not in out


@pytest.mark.parametrize("name", ["Anna Müller", "Maria Schneider"])
def test_whole_answers_are_inspected_before_they_are_read(name):
    calls = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": json.dumps({"to": name})}}]
    for content, tools in ((f"Ask {name}.", None), ("Calling.", calls)):
        message = {"role": "assistant", "content": content} | ({"tool_calls": tools} if tools else {})
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = orjson.dumps({"id": "c1", "model": "m", "choices": [choice]})
        out, report = run("openai", [body[:9], body[9:]], streaming=False)
        blocks = [{"type": "text", "text": content}]
        blocks += [{"type": "tool_use", "id": "t", "name": "f", "input": {"to": name}}] if tools else []
        answer = {"id": "m1", "model": "m", "content": blocks, "stop_reason": "end_turn", "usage": {}}
        other = orjson.dumps(answer)
        other_out, other_report = run("anthropic", [other], streaming=False)
        if name == "Anna Müller":
            assert (report.stopped, other_report.stopped) == ("PERSON", "PERSON")
            assert "Anna" not in out.decode() + other_out.decode()
            assert json.loads(out)["choices"][0]["finish_reason"] == "content_filter"
            assert json.loads(other_out)["stop_reason"] == "refusal"
        else:
            assert (out, other_out) == (body, other)


def test_the_default_guard_stays_on():
    write, read = FAMILIES["openai"]
    out, report = run("openai", [write(["Fine. Key sk-aaaaaaaa", "aaaa is it. Bye."], [])], guard=scanner.Scanner())
    assert (read(out)[0], report.stopped) == ("Fine. Key ", "API_KEY")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_malformed_event_ends_the_answer_after_what_came_before(family):
    write, _ = FAMILIES[family]
    sent = write(["One. Two. ", "Three. "], [])
    broken = sent[: sent.index(b"Three")] + b"\n\n" + b"data: {]\n\n"
    for parts in ([broken], chunks_of(broken, [7])):
        out, report = run(family, parts)
        assert report.problem == "malformed"
        assert "Three" not in out.decode()


def test_a_window_shows_a_name_whole_where_the_text_was_cut():
    text = "x" * 200 + " " + "y" * 97 + " Anna Müller " + "z" * 300
    size, seen = segment(text[:LIMIT], last=False)
    assert "Anna Müller" in text[:seen]
    assert text[:size].endswith("Anna ")
    names = NamesGuard(lambda _label, _value: False)
    window = Window("", text[:seen], size)
    names.ask(window)
    learn(names)
    stop = names.judge(window)
    assert text[: stop.at].endswith("y ")


def test_what_is_only_marks_and_placeholders_needs_no_inspector():
    names = NamesGuard(lambda _label, _value: False)
    for text in ("\n", "... ", f"{PLACEHOLDER}. ", f"{PLACEHOLDER}{UNKNOWN}。"):
        names.ask(Window("", text, len(text)))
    assert names.wanted() == []


def test_carried_values_are_words_of_the_request():
    assert REQUEST.holds("maria  SCHNEIDER")
    assert REQUEST.holds("Schneider")
    assert not REQUEST.holds("Schneid")
    assert not REQUEST.holds("ria")
    assert REQUEST.holds("小龙")
    assert not REQUEST.holds("")
    assert not CarriedText([]).holds("Anna")
