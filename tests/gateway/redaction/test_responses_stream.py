"""The answer of one Responses call: every repetition of a text says what the deltas said, at any cut, in order."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import UpstreamTimeout
from gateway.flow import Span, Usage
from gateway.redaction.inspected_stream import InspectedStream
from gateway.redaction.names_guard import NamesGuard
from gateway.redaction.placeholder import Restorable
from gateway.redaction.stream import AnswerStream


def beside(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


echo, scanner = beside("responses_echo"), beside("scanner")
NAME = "⟦PERSON_7f3a9c0d12e4b658⟧"
KNOWN = {NAME: Restorable("PERSON", 'Anna "A"')}
TOOLS = [echo.FUNCTION, echo.CUSTOM, echo.SHELL]
SECRET = "sk-aaaaaaaaaaaa"


def run(sent, *, parts=None, streaming=True, **options):
    options = {"placeholders": KNOWN} | options
    stream = AnswerStream("openai", protocol="openai_responses", streaming=streaming, **options)
    out = b"".join(stream.feed(part) + stream.idle() for part in parts or [sent])
    finished = stream.finish()
    return out, finished.body, finished.report


def label(text):
    return f" [AI {len(text)}]"


def consistent(stream: bytes) -> None:
    """Numbers without a gap, one created first, and each text the same wherever it is said."""
    events = echo.payloads(stream)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    pieces: dict[tuple, str] = {}
    for event in events:
        kind = event["type"].removeprefix("response.").rpartition(".")
        place = (event.get("item_id"), event.get("content_index"), event.get("summary_index"), kind[0])
        if kind[2] == "delta":
            pieces[place] = pieces.get(place, "") + event["delta"]
        elif kind[2] == "done" and place in pieces:
            said = next(event[key] for key in ("text", "refusal", "arguments", "input", "code") if key in event)
            assert said == pieces[place]
    final = echo.said_again(events[-1])
    assert all(text in final for text in pieces.values()), (pieces, final)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"guard": scanner.Scanner()},
        {"label": label},
        {"guard": scanner.Scanner(), "label": label},
        {"outbound": frozenset({"save", "apply_patch"})},
    ],
    ids=["restore", "guard", "label", "guard+label", "outbound"],
)
@pytest.mark.parametrize("model", ["echo/size-3", "thinking/size-5", "both/size-7", "tool-3/size-4"])
@pytest.mark.parametrize("text", [f"Hi 中 {NAME}! bye", f"ends with {NAME}", "nothing at all"])
def test_a_cut_anywhere_gives_the_same_bytes_and_the_texts_agree(options, model, text):
    sent = echo.streamed(echo.asked(text, model, instructions=f"Serve {NAME}", tools=TOOLS))
    whole = run(sent, **options)
    for at in range(0, len(sent) + 1, 211):
        assert run(sent, parts=[sent[:at], sent[at:]], **options) == whole
    assert run(sent, parts=[sent[at : at + 1] for at in range(len(sent))], **options) == whole
    consistent(whole[0] + whole[1])
    assert whole[2].complete


@given(
    text=st.text(st.sampled_from('ab ⟦⟧PERSON_7f\\"{中sk-12'), max_size=40),
    at=st.integers(0, 40),
    size=st.integers(1, 9),
    model=st.sampled_from(["echo", "thinking", "both", "tool"]),
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=8),
    labelled=st.booleans(),
    guarded=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_any_text_in_any_pieces_comes_back_whole(text, at, size, model, sizes, labelled, guarded):
    text = "x " + text[:at] + NAME + text[at:] + NAME
    sent = echo.streamed(echo.asked(text, f"{model}/size-{size}", tools=[echo.FUNCTION]))
    options = {"label": label if labelled else None, "guard": scanner.Scanner() if guarded else None}
    whole = run(sent, **options)
    parts, start = [], 0
    while start < len(sent):
        parts.append(sent[start : start + sizes[len(parts) % len(sizes)]])
        start += len(parts[-1])
    assert run(sent, parts=parts, **options) == whole
    consistent(whole[0] + whole[1])
    if whole[2].stopped is None:
        wanted = text.replace(NAME, 'Anna "A"')
        if model != "tool":
            assert echo.deltas(whole[0]) == wanted + (label(wanted) if whole[2].labelled else "")
        if model in {"both", "tool"}:
            assert json.loads(echo.deltas(whole[0], "function_call_arguments"))["text"] == wanted


@pytest.mark.parametrize("model", ["echo", "both", "thinking", "tool-2"])
def test_what_nothing_touches_passes_as_the_same_bytes(model):
    sent = echo.streamed(echo.asked("Hi there ⟦x⟧", f"{model}/size-3", tools=TOOLS))
    out, end, report = run(sent)
    assert out + end == sent
    assert report.complete
    body = echo.whole(echo.asked("Hi there ⟦x⟧", model, tools=TOOLS))
    assert run(body, streaming=False)[:2] == (b"", body)


def test_the_final_response_waits_for_finish_and_says_what_was_used():
    out, end, report = run(echo.streamed(echo.asked("hi", "echo/cached-4/thought-9")))
    assert b"response.completed" not in out
    assert end.startswith(b"event: response.completed\n")
    said = echo.payloads(end)[0]["response"]["usage"]
    assert report.usage == Usage(input=said["input_tokens"], cached_input=4, output=said["output_tokens"], reasoning=9)
    assert (report.finish, report.response_model) == ("completed", "echo/cached-4/thought-9")
    assert report.response_id.startswith("resp_")
    assert run(echo.streamed(echo.asked("hi", "echo/length")))[2].finish == "max_output_tokens"


def test_calls_of_every_kind_are_restored_and_outbound_ones_are_not():
    for tool, read in (
        (echo.FUNCTION, lambda item: json.loads(item["arguments"])["text"]),
        (echo.CUSTOM, lambda item: item["input"]),
        (echo.SHELL, lambda item: item["action"]["command"][2].removeprefix("echo '").removesuffix("'")),
    ):
        sent = echo.streamed(echo.asked(f"to {NAME}", "tool/size-4", tools=[tool]))
        out, end, _ = run(sent)
        items = [event["item"] for event in echo.payloads(out) if event["type"] == "response.output_item.done"]
        items += echo.payloads(end)[0]["response"]["output"]
        assert [read(item) for item in items] == ['to Anna "A"'] * 2
        outbound = frozenset({tool.get("name", "local_shell")})
        kept = b"".join(run(sent, outbound=outbound)[:2])
        assert b"Anna" not in kept
        assert NAME.encode() in kept


def test_a_tool_that_changes_its_name_is_malformed_where_names_matter():
    sent = echo.streamed(echo.asked(f"to {NAME}", "tool/size-4", tools=[echo.FUNCTION]))
    head, mark, tail = sent.rpartition(b"event: response.output_item.done")
    sent = head + mark + tail.replace(b'"save"', b'"mail"')
    assert run(sent, outbound=frozenset({"mail"}))[2].problem == "malformed"
    assert run(sent)[2].problem is None


@pytest.mark.parametrize("piece", [1, 4, 50])
def test_a_guarded_answer_ends_incomplete_before_the_match(piece):
    sent = echo.streamed(echo.asked(f"{NAME} has {SECRET} more", f"echo/size-{piece}"))
    out, end, report = run(sent, guard=scanner.Scanner())
    assert (report.stopped, report.complete, report.finish) == ("API_KEY", True, "content_filter")
    assert b"sk-" not in out + end
    consistent(out + end)
    kinds = [event["type"] for event in echo.payloads(out + end)]
    assert kinds[-4:] == [
        "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.incomplete",
    ]  # fmt: skip
    response = echo.payloads(end)[0]["response"]
    assert response["incomplete_details"] == {"reason": "content_filter"}
    assert response["output"][0]["content"][0]["text"] == 'Anna "A" has '
    assert (response["id"], response["status"]) == (echo.payloads(out)[0]["response"]["id"], "incomplete")


def test_a_stopped_call_is_never_shown_as_a_whole_one():
    sent = echo.streamed(echo.asked(f"run {SECRET}", "both/size-4", tools=[echo.CUSTOM]))
    sent = sent.replace(b"response.output_text", b"response.unheard_of")  # only the call has a text to stop at
    out, end, report = run(sent, guard=scanner.Scanner())
    assert report.stopped == "API_KEY"
    done = [e["item"]["type"] for e in echo.payloads(out) if e["type"] == "response.output_item.done"]
    assert "custom_tool_call" not in done
    assert all(item["type"] != "custom_tool_call" for item in echo.payloads(end)[0]["response"]["output"])


def test_a_repetition_that_says_something_else_is_guarded_on_its_own():
    sent = echo.streamed(echo.asked("all is well", "echo/size-4"))
    head, mark, tail = sent.rpartition(b"event: response.completed")
    lie = head + mark + tail.replace(b"all is well", f"{NAME} {SECRET}".encode())
    out, end, report = run(lie, guard=scanner.Scanner())
    assert report.stopped == "API_KEY"
    assert SECRET.encode() not in out + end
    restored = head + mark + tail.replace(b"all is well", NAME.encode())
    assert echo.said_again(echo.payloads(run(restored)[1])[0]) == ['Anna "A"']


def test_events_nobody_knows_are_guarded_over_all_their_pieces():
    def event(kind, **fields):
        return b"data: " + orjson.dumps({"type": kind, "output_index": 0, "item_id": "x_1", **fields}) + b"\n\n"

    sent = b"".join(event("response.novel_thing.delta", delta=piece) for piece in ("see sk-aaa", "aaaaaaaaa", " so"))
    out, end, report = run(sent + event("response.novel_thing.done"), guard=scanner.Scanner())
    assert report.stopped == "API_KEY"
    assert b"sk-" not in out + end
    split = [{"stdout": "sk-aaaa"}, {"stdout": "aaaaaaaa "}]
    shell = b"".join(event("response.shell_call_output_content.delta", delta=delta) for delta in split)
    assert run(shell, guard=scanner.Scanner())[2].stopped == "API_KEY"
    odd = event("response.output_text.delta", delta="x", content_index="1")
    assert run(odd)[2].problem == "malformed"


@pytest.mark.parametrize("place", ["instructions", "metadata", "tools"])
def test_what_the_response_repeats_of_the_request_is_restored(place):
    value = {"instructions": NAME, "metadata": {"who": NAME}, "tools": [{"type": "function", "description": NAME}]}[
        place
    ]
    request = echo.asked("hi", **{place: value})
    out, end, _ = run(echo.streamed(request))
    answers = [e["response"][place] for e in echo.payloads(out + end) if "response" in e]
    assert len(answers) == 3
    assert NAME not in json.dumps(answers, ensure_ascii=False)
    assert json.loads(run(echo.whole(request), streaming=False)[1])[place] == answers[0]


def test_the_label_is_the_last_piece_of_the_last_text_and_stands_beside_no_call():
    request = echo.asked(f"I am {NAME}", "thinking/size-4")
    out, end, report = run(echo.streamed(request), label=label)
    consistent(out + end)
    assert echo.deltas(out) == 'I am Anna "A" [AI 13]'
    assert echo.payloads(end)[0]["response"]["output"][1]["content"][0]["text"] == 'I am Anna "A" [AI 13]'
    assert (report.labelled, report.delivered_text) == (True, 'I am Anna "A"')
    whole = json.loads(run(echo.whole(request), streaming=False, label=label)[1])
    assert whole["output"][1]["content"][0]["text"] == 'I am Anna "A" [AI 13]'
    out, end, report = run(echo.streamed(echo.asked("I save", "both", tools=[echo.FUNCTION])), label=label)
    assert not report.labelled
    assert b"[AI" not in out + end


def test_a_label_after_a_closed_message_is_a_message_of_its_own():
    first, second = (echo.streamed(echo.asked("I am here", model)) for model in ("echo", "thinking"))
    events = [e for e in echo.payloads(first) if e["type"] != "response.completed"]
    thought = [e | {"output_index": 1} for e in echo.payloads(second) if e.get("output_index") == 0]
    final = echo.payloads(first)[-1]
    final["response"]["output"].append(echo.payloads(second)[-1]["response"]["output"][0])
    numbered = [e | {"sequence_number": n} for n, e in enumerate([*events, *thought, final])]
    sent = b"".join(f"event: {e['type']}\n".encode() + b"data: " + orjson.dumps(e) + b"\n\n" for e in numbered)
    out, end, report = run(sent, label=label)
    consistent(out + end)
    assert report.labelled
    output = echo.payloads(end)[0]["response"]["output"]
    assert [item["type"] for item in output] == ["message", "reasoning", "message"]
    assert output[2]["content"][0]["text"] == " [AI 9]"
    assert echo.deltas(out) == "I am here [AI 9]"


def test_logprobs_of_a_changed_text_are_taken_out():
    sent = echo.streamed(echo.asked(f"I am {NAME}", "echo/size-50"))
    token = json.dumps([{"token": NAME, "logprob": -1.0, "bytes": [], "top_logprobs": []}], ensure_ascii=False)
    out, end, _ = run(sent.replace(b'"logprobs": []', b'"logprobs": ' + token.encode()))
    delta = next(e for e in echo.payloads(out) if e["type"] == "response.output_text.delta")
    assert (delta["delta"], delta["logprobs"]) == ('I am Anna "A"', [])
    assert NAME.encode() not in end


def test_errors_are_said_in_the_form_of_responses():
    sent = echo.streamed(echo.asked("hi there", "echo/size-2"))
    out, end, report = run(sent[: len(sent) // 2])
    assert report.problem == "truncated"
    error = echo.payloads(end)[0]
    assert (error["type"], error["code"], error["error"]["code"]) == ("error", *["lexgate_upstream_failed"] * 2)
    assert error["sequence_number"] == len(echo.payloads(out))
    stream = AnswerStream("openai", protocol="openai_responses", streaming=True)
    stream.feed(sent[:500])
    assert b"lexgate_upstream_timeout" in stream.finish(UpstreamTimeout("too slow")).body
    failed = {"type": "response.failed", "sequence_number": 0}
    failed["response"] = {"id": "resp_1", "status": "failed", "error": {"code": "server_error", "message": "x"}}
    frame = b"event: response.failed\ndata: " + orjson.dumps(failed) + b"\n\n"
    out, end, report = run(frame)
    assert (out + end, report.upstream_error, report.complete) == (frame, "server_error", False)
    for body in (
        frame.replace(b'"x"', f'"{SECRET}"'.encode()),
        b'data: {"type":"error","message":"' + SECRET.encode() + b'"}\n\n',
    ):
        out, end, report = run(body, guard=scanner.Scanner())
        assert SECRET.encode() not in out + end
        assert report.upstream_error == "error"


def test_a_whole_answer_is_spliced_and_stopped_like_a_stream():
    request = echo.asked(f"I am {NAME}", "both", tools=[echo.FUNCTION], instructions=NAME)
    body = echo.whole(request)
    plain = {NAME: Restorable("PERSON", "Anna")}
    out, end, report = run(body, streaming=False, placeholders=plain)
    assert (out, report.complete) == (b"", True)
    assert end == body.replace(NAME.encode(), b"Anna")
    answer = json.loads(run(body, streaming=False)[1])
    assert json.loads(answer["output"][1]["arguments"]) == {"text": 'I am Anna "A"'}
    _, end, report = run(echo.whole(echo.asked(f"so {SECRET}")), streaming=False, guard=scanner.Scanner())
    answer = json.loads(end)
    assert (report.stopped, answer["status"]) == ("API_KEY", "incomplete")
    assert answer["output"][0]["content"][0]["text"] == "so "
    lied = orjson.dumps(json.loads(body) | {"output_text": SECRET})
    assert SECRET.encode() not in run(lied, streaming=False, guard=scanner.Scanner())[1]


def test_a_provider_without_indices_and_numbers_is_read_by_its_ids():
    sent = b"".join(
        b"data: "
        + orjson.dumps(
            {k: v for k, v in event.items() if k not in {"sequence_number", "output_index", "content_index"}}
        )
        + b"\n\n"
        for event in echo.payloads(echo.streamed(echo.asked(f"I am {NAME}!", "both/size-3", tools=[echo.FUNCTION])))
    )
    out, end, report = run(sent, guard=scanner.Scanner())
    assert report.complete
    assert echo.deltas(out) == 'I am Anna "A"!'
    assert 'I am Anna "A"!' in echo.said_again(echo.payloads(end)[0])


def test_under_the_names_guard_text_goes_on_as_inspectors_have_read_it():
    names = NamesGuard(lambda _label, _value: False)
    stream = InspectedStream("openai", protocol="openai_responses", streaming=True, names=names, placeholders=KNOWN)
    out = b""
    for byte in echo.streamed(echo.asked(f"Hello {NAME}. Tell Bob so. And more.", "echo/size-3")):
        out += stream.feed(bytes([byte]))
        for text in names.wanted():
            at = text.find("Bob")
            names.learn(text, [Span(at, at + 3, "PERSON", 1.0, "t")] if at >= 0 else [])
        out += stream.idle()
    stream.end()
    for text in names.wanted():
        names.learn(text, [])
    finished = stream.finish()
    assert finished.report.stopped == "PERSON"
    assert b"Bob" not in out + finished.body
    consistent(out + finished.body)
    assert echo.deltas(out).startswith('Hello Anna "A".')


def test_a_compacted_conversation_reads_as_the_caller_wrote_it():
    call = {
        "type": "function_call",
        "call_id": "c",
        "name": "save",
        "arguments": json.dumps({"to": NAME}, ensure_ascii=False),
    }
    result = {"type": "function_call_output", "call_id": "c", "output": f"saved {NAME}"}
    parts = {"type": "function_call_output", "call_id": "d", "output": [{"type": "input_text", "text": NAME}]}
    said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": f"save {NAME}"}]}
    sealed = {"type": "compaction", "encrypted_content": "gAAAAABo" + "Zx81LmQ0" * 20}
    body = json.dumps(
        {"object": "response.compaction", "output": [said, call, result, parts, sealed]}, ensure_ascii=False
    )
    stream = AnswerStream("openai", protocol="openai_responses_compact", streaming=False, placeholders=KNOWN)
    stream.feed(body.encode())
    answer = json.loads(stream.finish().body)
    assert NAME not in json.dumps(answer, ensure_ascii=False)
    assert answer["output"][1]["arguments"] == json.dumps({"to": 'Anna "A"'})
    assert answer["output"][4] == sealed


def test_commands_and_patches_that_stream_are_restored_and_shell_calls_are_whole_at_once():
    def said(kind, **fields):
        return (
            b"data: " + json.dumps({"type": kind, "output_index": 0, **fields}, ensure_ascii=False).encode() + b"\n\n"
        )

    shell = {"type": "shell_call", "id": "sh_1", "call_id": "c", "action": {"commands": [""]}}
    full = shell | {"action": {"commands": [f"echo {NAME}"]}}
    name = "response.shell_call_command"
    sent = said("response.output_item.added", item=shell) + said(f"{name}.added", command_index=0, command="")
    sent += b"".join(said(f"{name}.delta", command_index=0, delta=piece) for piece in ("echo ", NAME[:7], NAME[7:]))
    sent += said(f"{name}.done", command_index=0, command=f"echo {NAME}") + said("response.output_item.done", item=full)
    out = run(sent)[0]
    assert echo.deltas(out, "shell_call_command") == 'echo Anna "A"'
    assert echo.payloads(out)[-1]["item"]["action"]["commands"] == ['echo Anna "A"']
    patch = {"type": "apply_patch_call", "id": "apc_1", "operation": {"type": "create_file", "path": "a", "diff": NAME}}
    name = "response.apply_patch_call_operation_diff"
    sent = said(f"{name}.delta", item_id="apc_1", delta=NAME) + said(f"{name}.done", item_id="apc_1", diff=NAME)
    out = run(sent + said("response.output_item.done", item=patch))[0]
    assert [e.get("delta") or e.get("diff") or e["item"]["operation"]["diff"] for e in echo.payloads(out)] == [
        'Anna "A"'
    ] * 3
    local = {"type": "local_shell_call", "id": "l_1", "action": {"type": "exec", "command": ["echo", f"see {NAME}"]}}
    out = run(said("response.output_item.added", item=local), guard=scanner.Scanner())[0]
    assert echo.payloads(out)[0]["item"]["action"]["command"] == ["echo", 'see Anna "A"']


@pytest.mark.parametrize("piece", [4, 400])
@pytest.mark.parametrize("guarded", [False, True])
def test_citations_stand_where_they_stood_in_the_text(piece, guarded):
    """`text[start:end]` of each is what the provider cited, in every event that says it, and in a whole answer."""
    text = f"From {NAME}: {NAME} said so [1]. The end."
    cited = f"{NAME} said so"
    start = text.index(cited)
    one = {
        "type": "url_citation",
        "url": "https://a.example",
        "title": "A",
        "start_index": start,
        "end_index": start + len(cited),
    }
    part = {
        "type": "output_text",
        "text": text,
        "annotations": [one, {"type": "file_citation", "file_id": "f", "index": 3}],
    }
    item = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [part]}
    place = {"output_index": 0, "item_id": "m", "content_index": 0}
    response = {"id": "r", "object": "response", "status": "completed", "output": [item]}
    pieces = [text[at : at + piece] for at in range(0, len(text), piece)]
    events = [
        {"type": "response.output_item.added", "output_index": 0, "item": item | {"content": []}},
        *({"type": "response.output_text.delta", **place, "delta": said} for said in pieces[:-1]),
        {"type": "response.output_text.annotation.added", **place, "annotation_index": 0, "annotation": one},
        {"type": "response.output_text.delta", **place, "delta": pieces[-1]},
        {"type": "response.output_text.done", **place, "text": text},
        {"type": "response.content_part.done", **place, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": response},
    ]
    if piece > len(text):  # nothing was said before it
        events[1], events[2] = events[2], events[1]
    numbered = [event | {"sequence_number": number} for number, event in enumerate(events)]
    sent = b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in numbered)
    options = {"guard": scanner.Scanner()} if guarded else {}
    out, end, _ = run(sent, **options)
    restored, found = text.replace(NAME, 'Anna "A"'), []
    for event in echo.payloads(out + end):
        items = [event.get("item") or {}, *((event.get("response") or {}).get("output") or [])]
        parts = [event.get("part") or {}, *(part for one in items for part in one.get("content") or [])]
        found += [annotation for part in parts for annotation in part.get("annotations") or []]
        found += [event["annotation"]] if "annotation" in event else []
    spans = [restored[one["start_index"] : one["end_index"]] for one in found if one["type"] == "url_citation"]
    assert spans == ['Anna "A" said so'] * 4
    assert [one["index"] for one in found if one["type"] == "file_citation"] == [3] * 3
    whole = orjson.loads(run(orjson.dumps(response), streaming=False, **options)[1])["output"][0]["content"][0]
    one = whole["annotations"][0]
    assert whole["text"][one["start_index"] : one["end_index"]] == 'Anna "A" said so'
