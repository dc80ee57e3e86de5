"""The answer of one call: stopped, labelled, restored, counted and ended as its protocol wants it, at any cut."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import orjson
import pytest

from gateway.errors import UpstreamTimeout
from gateway.flow import Usage
from gateway.protocols.sse import MAX_EVENT
from gateway.redaction.placeholder import Restorable
from gateway.redaction.stream import AnswerStream


def beside(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


echo, scanner = beside("echo"), beside("scanner")
NAME = echo.KEY.make("PERSON", 'Anna "A"')
KNOWN = {NAME: Restorable("PERSON", 'Anna "A"')}
ANNA = 'Anna "A"'
FAMILIES = {"openai": (echo.openai_events, echo.read_openai), "anthropic": (echo.anthropic_events, echo.read_anthropic)}


def run(family, sent, *, parts=None, **options):
    stream = AnswerStream(family, streaming=True, **({"placeholders": KNOWN} | options))
    out = b"".join(stream.feed(part) + stream.idle() for part in parts or [sent])
    finished = stream.finish()
    return out, finished.body, finished.report


def label(text):
    return f" [AI {len(text)}]"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"guard": scanner.Scanner()},
        {"label": label},
        {"guard": scanner.Scanner(), "label": label},
        {"hide_usage": True},
        {"outbound": frozenset({"save"})},
    ],
    ids=["restore", "guard", "label", "guard+label", "usage", "outbound"],
)
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("secret", ["", " sk-aaaaaaaaaaaa and more"], ids=["clean", "secret"])
@pytest.mark.parametrize("tool", [False, True], ids=["text", "tool"])
def test_a_cut_at_every_byte_gives_the_same_bytes(family, options, ending, secret, tool):
    write, _ = FAMILIES[family]
    arguments = json.dumps({"to": NAME, "b": json.dumps({"c": NAME})}) if tool else ""
    sent = write(echo.pieces(f"Hi 中 {NAME}!{secret} bye", [9, 3, 1]), echo.pieces(arguments, [7]))
    sent = sent.replace(b"\n", ending)
    whole = run(family, sent, **options)
    # With all that can be done to an answer at every byte: of one that a secret ends and of one that calls a tool.
    everywhere = ending == b"\r\n" and options.keys() == {"guard", "label"} and bool(secret) is not tool
    for at in range(0, len(sent) + 1, 1 if everywhere else 41):
        assert run(family, sent, parts=[sent[:at], sent[at:]], **options) == whole
    assert run(family, sent, parts=[sent[at : at + 1] for at in range(len(sent))], **options) == whole


@pytest.mark.parametrize("family", FAMILIES)
def test_what_nothing_touches_passes_as_the_same_bytes(family):
    write, _ = FAMILIES[family]
    sent = write(["Hi ", "there", " ⟦x⟧"], ['{"a": ', "1}"])
    out, end, report = run(family, sent)
    assert out + end == sent
    assert report.complete
    assert (report.provider_text, report.tool_text, report.tool_names) == ("Hi there ⟦x⟧", '{"a": 1}', ("save",))
    assert report.finish in {"tool_calls", "tool_use"}
    assert report.usage == Usage(input=7, output=5)


@pytest.mark.parametrize("family", FAMILIES)
def test_text_and_arguments_are_restored_and_outbound_tools_are_not(family):
    write, read = FAMILIES[family]
    sent = write(echo.pieces(f"I am {NAME}.", [4]), echo.pieces(json.dumps({"to": NAME}), [4]))
    text, arguments = read(b"".join(run(family, sent)[:2]))
    assert text == 'I am Anna "A".'
    assert json.loads(arguments) == {"to": 'Anna "A"'}
    outbound = read(b"".join(run(family, sent, outbound=frozenset({"save"}))[:2]))
    assert json.loads(outbound[1]) == {"to": NAME}
    report = run(family, sent)[2]
    assert NAME in report.provider_text
    assert report.delivered_text == 'I am Anna "A".'


@pytest.mark.parametrize("family", FAMILIES)
def test_the_terminal_bytes_wait_for_finish(family):
    write, _ = FAMILIES[family]
    out, end, _ = run(family, write(["hi"], []))
    assert end == (
        b"data: [DONE]\n\n" if family == "openai" else b'event: message_stop\ndata: {"type": "message_stop"}\n\n'
    )
    assert b"[DONE]" not in out
    assert b"message_stop" not in out


@pytest.mark.parametrize("family", FAMILIES)
def test_a_guarded_answer_stops_before_the_match_in_the_protocols_own_form(family):
    write, read = FAMILIES[family]
    sent = write([f"{NAME} has ", "sk-aaaa", "aaaaaaaa", " more"], [])
    out, end, report = run(family, sent, guard=scanner.Scanner())
    assert (report.stopped, report.complete) == ("API_KEY", True)
    assert read(out + end)[0] == 'Anna "A" has '
    assert b"sk-" not in out + end
    last = echo.payloads(out + end)
    if family == "openai":
        assert last[-1]["choices"] == [{"index": 0, "delta": {}, "finish_reason": "content_filter"}]
        assert end == b"data: [DONE]\n\n"
    else:
        assert [item["type"] for item in last[-3:]] == ["content_block_stop", "message_delta", "message_stop"]
        assert last[-2]["delta"]["stop_reason"] == "refusal"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_secret_at_the_very_end_is_stopped_too(family):
    write, read = FAMILIES[family]
    out, end, report = run(family, write(["key: sk-aaaa", "aaaaaaaa"], []), guard=scanner.Scanner())
    assert report.stopped == "API_KEY"
    assert read(out + end)[0] == "key: "
    assert b"content_filter" in out or b"refusal" in out


@pytest.mark.parametrize("family", FAMILIES)
def test_what_the_request_carried_passes_the_guard(family):
    write, read = FAMILIES[family]
    sent = write(["key: sk-aaaa", "aaaaaaaa."], [])
    out, end, report = run(
        family, sent, guard=scanner.Scanner(), allowed=lambda _label, value: value == "sk-aaaaaaaaaaaa"
    )
    assert report.stopped is None
    assert read(out + end)[0] == "key: sk-aaaaaaaaaaaa."


@pytest.mark.parametrize("family", FAMILIES)
def test_the_guard_reads_tool_arguments(family):
    write, _ = FAMILIES[family]
    sent = write(["ok"], echo.pieces('{"k": "sk-aaaaaaaaaaaa"}', [5]))
    out, end, report = run(family, sent, guard=scanner.Scanner())
    assert report.stopped == "API_KEY"
    assert b"aaaa" not in out + end


@pytest.mark.parametrize("family", FAMILIES)
def test_the_label_is_the_last_text_and_never_stands_beside_tool_calls(family):
    write, read = FAMILIES[family]
    out, end, report = run(family, write([f"I am {NAME}"], []), label=label)
    assert read(out + end)[0] == 'I am Anna "A" [AI 13]'
    assert (report.labelled, report.delivered_text) == (True, 'I am Anna "A"')
    kinds = [item.get("type") for item in echo.payloads(out + end)]
    if family == "anthropic":
        assert kinds[-4:] == ["content_block_delta", "content_block_stop", "message_delta", "message_stop"]
    out, end, report = run(family, write(["I save"], ["{}"]), label=label)
    assert read(out + end)[0] == "I save"
    assert not report.labelled


def test_the_usage_event_we_asked_for_is_hidden_again():
    sent = echo.openai_events(["hi"], []).replace(b'"finish_reason": null}]}', b'"finish_reason": null}],"usage":null}')
    out, end, report = run("openai", sent, hide_usage=True)
    assert b"usage" not in out + end
    assert report.usage == Usage(input=7, output=5)
    assert b"usage" in run("openai", sent)[0]


def test_usage_of_openai_has_cached_input_inside():
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 8,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    sent = b"data: " + orjson.dumps({"choices": [], "usage": usage}) + b"\n\ndata: [DONE]\n\n"
    assert run("openai", sent)[2].usage == Usage(input=10, cached_input=4, output=8, reasoning=3)


def test_usage_of_anthropic_adds_the_cache_and_the_last_report_wins():
    start = {"input_tokens": 3, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 100, "output_tokens": 1}
    sent = b"".join(
        b"event: x\ndata: " + orjson.dumps(item) + b"\n\n"
        for item in (
            {"type": "message_start", "message": {"id": "m1", "model": "m", "usage": start}},
            {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 4}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
            {"type": "message_stop"},
        )
    )
    assert run("anthropic", sent)[2].usage == Usage(input=123, cached_input=20, cache_write=100, output=9)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_truncated_answer_ends_with_an_error_event(family):
    write, read = FAMILIES[family]
    sent = write([f"Hi {NAME[:9]}"], [])
    cut = sent[
        : sent.index(b'finish_reason": "stop') if family == "openai" else sent.index(b"event: content_block_stop")
    ]
    out, end, report = run(family, cut)
    assert (report.complete, report.problem) == (False, "truncated")
    assert b'"error"' in end
    assert b"lexgate_upstream_failed" in end
    assert read(out + end.split(b"event: error")[0].split(b'data: {"error"')[0])[0] == f"Hi {NAME[:9]}"


def test_why_the_transport_failed_can_be_said():
    stream = AnswerStream("openai", streaming=True, flow="f1")
    stream.feed(echo.openai_events(["x"], [])[:50])
    finished = stream.finish(UpstreamTimeout("the provider was silent for 60 s"))
    assert b"lexgate_upstream_timeout" in finished.body
    assert b'"flow":"f1"' in finished.body
    assert stream.finish() is finished


@pytest.mark.parametrize("bad", [b"data: {\n\n", b"data: [1]\n\n", b'data: {"choices": [3]}\n\n'])
def test_a_malformed_event_ends_the_answer(bad):
    stream = AnswerStream("openai", streaming=True)
    good = echo.openai_events(["x"], [])
    first = good.index(b"\n\n") + 2
    assert stream.feed(good[:first] + bad + good[first:]) == good[:first]
    assert stream.stopped
    assert stream.feed(good) == b""
    finished = stream.finish()
    assert (finished.report.complete, finished.report.problem) == (False, "malformed")
    assert b"lexgate_upstream_failed" in finished.body


def test_an_endless_event_ends_the_answer():
    stream = AnswerStream("anthropic", streaming=True)
    assert stream.feed(b"data: " + b"x" * MAX_EVENT) == b""
    assert stream.finish().report.problem == "too_large"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_providers_own_error_passes_and_is_recorded(family):
    event = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"x"}}\n\n'
    write, _ = FAMILIES[family]
    sent = write(["x"], [])
    sent = sent[: sent.index(b"\n\n") + 2] + event
    out, end, report = run(family, sent)
    assert out + end == sent
    assert (report.complete, report.problem, report.upstream_error) == (False, "upstream_error", "overloaded_error")


def test_nothing_comes_after_the_providers_own_end():
    sent = echo.openai_events(["x"], [])
    out, end, report = run("openai", sent + b'data: {"choices":[{"delta":{"content":"more"}}]}\n\n')
    assert out + end == sent
    assert report.complete


@pytest.mark.parametrize("after", [b"", b"d", b"data: {", b": wait\n\n", b": wait\n\n: wa"])
def test_nothing_comes_after_the_guards_end(after):
    said = {"id": "c1", "choices": [{"index": 0, "delta": {"content": "sk-aaaaaaaaaaaa x"}, "finish_reason": None}]}
    sent = b"data: " + orjson.dumps(said) + b"\n\n" + after
    out, end, report = run("openai", sent, guard=scanner.Scanner())
    assert out.endswith(b'"finish_reason":"content_filter"}]}\n\n')
    assert end == b"data: [DONE]\n\n"
    assert (report.stopped, report.complete, report.problem) == ("API_KEY", True, None)


def test_a_last_event_without_its_blank_line_counts():
    sent = echo.openai_events(["x"], [])
    out, end, report = run("openai", sent[:-2])
    assert out + end == sent
    assert report.complete


def test_logprobs_of_a_changed_event_are_removed():
    delta = {
        "index": 0,
        "delta": {"content": f"{NAME}"},
        "logprobs": {"content": [{"token": "⟦"}]},
        "finish_reason": None,
    }
    out, _, _ = run("openai", b"data: " + orjson.dumps({"choices": [delta]}) + b"\n\n")
    assert echo.payloads(out)[0]["choices"][0] == {**delta, "delta": {"content": 'Anna "A"'}, "logprobs": None}


def test_texts_under_other_names_are_guarded_and_restored_too():
    def event(delta):
        return b"data: " + orjson.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}) + b"\n\n"

    sent = event({"thought": NAME[:4]}) + event({"thought": f"{NAME[4:]}.", "audio": {"transcript": f"x {NAME}"}})
    deltas = [item["choices"][0]["delta"] for item in echo.payloads(run("openai", sent)[0])]
    assert deltas == [{"thought": ""}, {"thought": 'Anna "A".', "audio": {"transcript": 'x Anna "A"'}}]
    report = run("openai", event({"thought": "sk-aaaaaaaaaaaa ", "content": "after"}), guard=scanner.Scanner())[2]
    assert (report.stopped, report.delivered_text) == ("API_KEY", "")
    body = whole_openai({"thought": f"{NAME}", "content": "x"})
    assert b'Anna \\"A\\"' in run_whole("openai", body)[0]


def test_a_stopped_answer_of_a_public_audience_is_labelled():
    for family, (write, read) in FAMILIES.items():
        out, end, report = run(family, write(["key sk-aaaaaaaaaaaa!"], []), guard=scanner.Scanner(), label=label)
        assert read(out + end)[0] == "key  [AI 4]"
        assert report.labelled


def test_signed_thinking_keeps_its_placeholders_and_is_guarded():
    def events(text):
        return b"".join(
            b"event: x\ndata: " + orjson.dumps(item) + b"\n\n"
            for item in (
                {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
                {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": text}},
                {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "c2ln"}},
                {"type": "content_block_stop", "index": 0},
                {"type": "message_stop"},
            )
        )

    out, end, report = run("anthropic", events(f"about {NAME}"))
    assert out + end == events(f"about {NAME}")
    assert report.reasoning_text == f"about {NAME}"
    assert run("anthropic", events("sk-aaaaaaaaaaaa"), guard=scanner.Scanner())[2].stopped == "API_KEY"


def test_tools_that_the_provider_runs_never_see_a_value():
    sent = echo.anthropic_events(["x"], [json.dumps({"q": NAME})]).replace(
        b'"tool_use", "id"', b'"server_tool_use", "id"'
    )
    out, end, _ = run("anthropic", sent)
    assert out + end == sent


def whole_openai(message, finish="stop", **choice):
    choices = [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish, **choice}]
    usage = {"prompt_tokens": 7, "completion_tokens": 5}
    return json.dumps({"id": "c1", "model": "m", "choices": choices, "usage": usage, "x": 1.50}).encode()


def whole_anthropic(blocks, reason="end_turn"):
    usage = {"input_tokens": 7, "output_tokens": 5}
    return json.dumps(
        {"id": "m1", "type": "message", "model": "m", "content": blocks, "stop_reason": reason, "usage": usage}
    ).encode()


def run_whole(family, body, **options):
    stream = AnswerStream(family, streaming=False, **({"placeholders": KNOWN} | options))
    assert stream.feed(body[:10]) + stream.feed(body[10:]) == b""
    finished = stream.finish()
    return finished.body, finished.report


def test_whole_answers_change_only_where_something_was_restored():
    arguments = json.dumps({"to": NAME})
    call = {"id": "call_1", "type": "function", "function": {"name": "save", "arguments": arguments}}
    body = whole_openai({"content": f"Hi {NAME}", "tool_calls": [call]}, "tool_calls", logprobs={"content": []})
    out, report = run_whole("openai", body, label=label)
    answer = json.loads(out)
    message = answer["choices"][0]["message"]
    assert message["content"] == 'Hi Anna "A"'
    assert json.loads(message["tool_calls"][0]["function"]["arguments"]) == {"to": 'Anna "A"'}
    assert answer["choices"][0]["logprobs"] is None
    assert out.endswith(b'"x": 1.5}')
    assert (report.complete, report.usage, report.finish) == (True, Usage(input=7, output=5), "tool_calls")

    blocks = [
        {"type": "text", "text": f"Hi {NAME}"},
        {"type": "tool_use", "id": "t", "name": "save", "input": {"to": [NAME], NAME: 1}},
    ]
    out, report = run_whole("anthropic", whole_anthropic(blocks, "tool_use"), label=label)
    content = json.loads(out)["content"]
    assert content[0]["text"] == 'Hi Anna "A"'
    assert content[1]["input"] == {"to": ['Anna "A"'], 'Anna "A"': 1}
    assert (report.complete, report.usage, report.finish) == (True, Usage(input=7, output=5), "tool_use")


@pytest.mark.parametrize(
    ("family", "body"),
    [
        ("openai", whole_openai({"content": "plain"})),
        ("anthropic", whole_anthropic([{"type": "text", "text": "plain"}])),
        ("anthropic", b'{"input_tokens": 12}'),
    ],
)
def test_a_whole_answer_that_nothing_touches_is_byte_identical(family, body):
    out, report = run_whole(family, body, guard=scanner.Scanner())
    assert out == body
    assert report.complete
    assert report.usage.input in {7, 12}


def test_whole_answers_are_cut_at_a_guarded_match_and_labelled():
    out, report = run_whole(
        "openai", whole_openai({"content": "key sk-aaaaaaaaaaaa!"}), guard=scanner.Scanner(), label=label
    )
    choice = json.loads(out)["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"], report.stopped) == (
        "key  [AI 4]",
        "content_filter",
        "API_KEY",
    )
    blocks = [{"type": "text", "text": "key sk-aaaaaaaaaaaa!"}, {"type": "text", "text": "after"}]
    out, report = run_whole("anthropic", whole_anthropic(blocks), guard=scanner.Scanner())
    answer = json.loads(out)
    assert (answer["content"], answer["stop_reason"]) == ([{"type": "text", "text": "key "}], "refusal")
    assert report.stopped == "API_KEY"


def test_whole_answers_that_cannot_be_read_become_errors():
    stream = AnswerStream("openai", streaming=False)
    stream.feed(b"<html>gateway</html>")
    assert stream.finish().error.status == 502
    out, report = run_whole("openai", b"<html>gateway</html>")
    assert json.loads(out)["error"]["code"] == "lexgate_upstream_failed"
    assert (report.complete, report.problem) == (False, "malformed")
    error = b'{"error": {"type": "rate_limit_error", "message": "slow down"}}'
    out, report = run_whole("openai", error)
    assert out == error
    assert (report.complete, report.upstream_error) == (False, "rate_limit_error")


def test_a_tool_call_whose_input_is_there_from_the_beginning_is_restored_unless_it_carries_out():
    def sent(value):
        block = {"type": "tool_use", "id": "toolu_1", "name": "save", "input": {"who": value}}
        start = {"type": "content_block_start", "index": 0, "content_block": block}
        ends = [{"type": "content_block_stop", "index": 0}, {"type": "message_stop"}]
        return b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in (start, *ends))

    out, _, report = run("anthropic", sent(f"for {NAME}"))
    assert echo.payloads(out)[0]["content_block"]["input"] == {"who": 'for Anna "A"'}
    assert report.tool_names == ("save",)
    assert run("anthropic", sent(f"for {NAME}"), outbound=frozenset({"save"}))[0].startswith(sent(f"for {NAME}")[:80])
    out, end, report = run("anthropic", sent("sk-aaaaaaaaaaaa"), guard=scanner.Scanner())
    assert b"sk-aaaa" not in out + end
    assert (report.stopped, report.finish) == ("API_KEY", "refusal")


@pytest.mark.parametrize("streaming", [True, False])
def test_a_failure_that_minimax_reports_under_the_status_200_is_a_failure(streaming):
    failed = {"id": "c", "choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}
    raw = orjson.dumps(failed)
    sent = b"data: " + raw + b"\n\ndata: [DONE]\n\n" if streaming else raw
    stream = AnswerStream("openai", streaming=streaming)
    out = stream.feed(sent)
    finished = stream.finish()
    assert raw in out + finished.body
    assert (finished.report.complete, finished.report.upstream_error) == (False, "1002")
    fine = echo.openai_events(["hello"], []).replace(b'"model"', b'"base_resp":{"status_code":0},"model"')
    assert run("openai", fine)[2].complete


@pytest.mark.parametrize("none", ["", None])
@pytest.mark.parametrize("size", [1, 3, 9])
def test_a_reason_that_is_no_reason_ends_nothing(none, size):
    """SGLang and Ollama say `"finish_reason": ""` with each piece: a placeholder or a secret goes on over them."""

    def streamed(text):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        chunks = [{"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": none}]} for piece in pieces]
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        return b"".join(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"

    def read(sent, **options):
        stream = AnswerStream("openai", streaming=True, placeholders=KNOWN, **options)
        out = stream.feed(sent)
        finished = stream.finish()
        lines = [line[6:] for line in (out + finished.body).splitlines() if line.startswith(b"data: {")]
        deltas = [choice["delta"] for line in lines for choice in orjson.loads(line)["choices"]]
        return "".join(delta.get("content") or "" for delta in deltas), finished.report

    assert read(streamed(f"Hi {NAME}!"))[0] == f"Hi {ANNA}!"
    text, report = read(streamed("key sk-aaaaaaaaaaaa end"), guard=scanner.Scanner())
    assert (text, report.stopped) == ("key ", "API_KEY")


@pytest.mark.parametrize("options", [{}, {"label": lambda _: " [AI]"}, {"guard": scanner.Scanner()}])
@pytest.mark.parametrize("piecewise", [True, False])
def test_a_stream_that_ends_with_its_whole_message_says_the_same_in_it(options, piecewise):
    """MiniMax's streams do. What no piece has said before is guarded, restored, labelled and counted like one."""
    text, thought = f"Hi {NAME}!", f"It is {NAME}."
    deltas = [{"reasoning_content": thought}, {"content": text[:9]}, {"content": text[9:]}] if piecewise else []
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    message = {"role": "assistant", "content": text, "reasoning_content": thought}
    chunks.append({"object": "chat.completion", "choices": [{"index": 0, "finish_reason": "stop", "message": message}]})
    sent = b"".join(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
    stream = AnswerStream("openai", streaming=True, placeholders=KNOWN, **options)
    out = b"".join(stream.feed(sent[at : at + 1]) for at in range(len(sent)))
    finished = stream.finish()
    last = next(line for line in reversed(out.splitlines()) if b'"message"' in line)
    said = orjson.loads(last[6:])["choices"][0]["message"]
    label = " [AI]" if "label" in options else ""
    assert said == {"role": "assistant", "content": f"Hi {ANNA}!{label}", "reasoning_content": f"It is {ANNA}."}
    assert finished.report.labelled == bool(label)
    assert finished.report.complete
    assert NAME.encode() not in out


def test_a_secret_in_the_whole_message_at_the_end_stops_it():
    chunks = [
        {"choices": [{"index": 0, "delta": {"content": "Hi"}}]},
        {"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "Hi, it is sk-aaaaaaaaaaaa"}}]},
    ]
    sent = b"".join(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
    stream = AnswerStream("openai", streaming=True, placeholders={}, guard=scanner.Scanner())
    out, finished = stream.feed(sent), stream.finish()
    assert b"sk-aa" not in out + finished.body
    assert finished.report.stopped == "API_KEY"


def test_citations_of_chats_stand_where_they_stood_in_the_text():
    text = f"From {NAME}: {NAME} said so."
    cited = f"{NAME} said so"
    start = text.index(cited)
    where = {"url": "https://a.example", "title": "A", "start_index": start, "end_index": start + len(cited)}
    annotations = [{"type": "url_citation", "url_citation": where}]

    def span(message, content):
        at = message["annotations"][0]["url_citation"]
        return content[at["start_index"] : at["end_index"]]

    deltas = [{"content": text[:20]}, {"content": text[20:]}, {"annotations": annotations}]
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    sent = b"".join(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
    out, _, _ = run("openai", sent)
    said = [orjson.loads(line[6:])["choices"][0]["delta"] for line in out.splitlines() if line.startswith(b"data: {")]
    content = "".join(delta.get("content", "") for delta in said)
    assert content == f"From {ANNA}: {ANNA} said so."
    assert span(next(delta for delta in said if "annotations" in delta), content) == f"{ANNA} said so"

    message = {"role": "assistant", "content": text, "annotations": annotations}
    body = orjson.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
    stream = AnswerStream("openai", streaming=False, placeholders=KNOWN)
    stream.feed(body)
    whole = orjson.loads(stream.finish().body)["choices"][0]["message"]
    assert span(whole, whole["content"]) == f"{ANNA} said so"
