"""Gemini's answers: the same whatever the cuts and the framing; signed, sealed and counted things stay true."""

from __future__ import annotations

import base64
import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import UpstreamFailed
from gateway.flow import Span, Usage
from gateway.redaction.placeholder import PlaceholderKey, Restorable
from gateway.redaction.stream import AnswerStream

KEY = PlaceholderKey(b"k" * 32, "acme", "crm/li.wei")
NAME = KEY.make("PERSON", "Anna")
KNOWN = {NAME: Restorable("PERSON", "Anna")}
SIGNATURE = base64.b64encode(bytes(range(256))).decode()
USAGE = {"promptTokenCount": 9, "candidatesTokenCount": 4, "thoughtsTokenCount": 3, "totalTokenCount": 16}


class Secrets:
    """A guard that knows one secret, `sk-` and eight letters, and holds back what may begin one."""

    def find(self, text: str, context: str = "") -> list[Span]:
        found = []
        at = text.find("sk-aaaaaaaa")
        while at >= 0:
            found.append(Span(at, at + 11, "API_KEY", 1.0, "test"))
            at = text.find("sk-aaaaaaaa", at + 1)
        return found

    def hold(self, text: str) -> int:
        for size in range(min(10, len(text)), 0, -1):
            if "sk-aaaaaaaa".startswith(text[-size:]):
                return len(text) - size
        return len(text)


def chunk(*parts, finish=None, index=0, **more) -> dict:
    candidate = {"content": {"parts": list(parts), "role": "model"}, "index": index}
    candidate |= {"finishReason": finish} if finish else {}
    return {"candidates": [candidate | more], "modelVersion": "m-1", "responseId": "r1"} | (
        {"usageMetadata": USAGE} if finish else {}
    )


def sse(chunks) -> bytes:
    return b"".join(b"data: " + json.dumps(one, ensure_ascii=False).encode() + b"\r\n\r\n" for one in chunks)


def array(chunks) -> bytes:
    return b"[" + b",\r\n".join(json.dumps(one, indent=1, ensure_ascii=False).encode() for one in chunks) + b"\n]"


def deliver(body: bytes, *, cuts=(), framing="sse", streaming=True, **options):
    stream = AnswerStream(
        "gemini", streaming=streaming, placeholders=KNOWN, framing=framing, guard=Secrets(), **options
    )
    out, at = b"", 0
    for cut in [*sorted(cuts), len(body)]:
        out += stream.feed(body[at:cut])
        at = max(at, cut)
    return out, stream.finish()


def delivered(body: bytes, framing="sse", **options) -> list[dict]:
    out, finished = deliver(body, framing=framing, **options)
    return chunks_of(out + finished.body, framing)


def chunks_of(body: bytes, framing="sse") -> list[dict]:
    if framing == "array":
        return orjson.loads(body)
    return [orjson.loads(line[5:]) for line in body.splitlines() if line.startswith(b"data:")]


def parts_of(chunks) -> list[dict]:
    return [part for one in chunks for candidate in one["candidates"] for part in candidate["content"]["parts"]]


def text_of(chunks) -> str:
    return "".join(part.get("text", "") for part in parts_of(chunks) if not part.get("thought"))


@pytest.mark.parametrize("framing", ["sse", "array"])
def test_what_nobody_touches_keeps_its_bytes_and_the_end_waits(framing):
    chunks = [chunk({"text": "Hello "}), chunk({"text": "there", "thoughtSignature": SIGNATURE}, finish="STOP")]
    body = sse(chunks) if framing == "sse" else array(chunks)
    out, finished = deliver(body, framing=framing)
    assert out + finished.body == body
    assert b"finishReason" in finished.body
    assert b"finishReason" not in out
    report = finished.report
    assert (report.complete, report.finish, report.response_id, report.response_model) == (True, "STOP", "r1", "m-1")
    assert report.usage == Usage(input=9, output=7, reasoning=3)
    assert report.provider_text == "Hello there"


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_cuts_never_matter(data):
    text = (
        data.draw(st.text(alphabet=f"ab sk-{NAME}", max_size=40))
        + NAME
        + data.draw(st.sampled_from(["", " sk-aaaaaaaa!", "."]))
    )
    size = data.draw(st.integers(1, 9))
    pieces = [{"text": text[at : at + size]} for at in range(0, len(text), size)]
    chunks = [chunk({"text": f"Hm {NAME}", "thought": True}), *(chunk(piece) for piece in pieces)]
    chunks += [chunk({"functionCall": {"name": "save", "args": {"to": NAME}}}, finish="STOP")]
    for framing, body in (("sse", sse(chunks)), ("array", array(chunks))):
        cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=8))
        whole, cut = deliver(body, framing=framing), deliver(body, framing=framing, cuts=cuts)
        assert whole[0] + whole[1].body == cut[0] + cut[1].body
        got = chunks_of(whole[0] + whole[1].body, framing)
        wanted = text.split("sk-aaaaaaaa")[0].replace(NAME, "Anna")
        assert text_of(got) == wanted
        assert (whole[1].report.stopped is None) is ("sk-aaaaaaaa" not in text)
        assert got[-1]["candidates"][0]["finishReason"] == ("STOP" if "sk-aaaaaaaa" not in text else "SPII")


@pytest.mark.parametrize("framing", ["sse", "array"])
def test_a_placeholder_over_chunks_is_restored_before_what_follows(framing):
    chunks = [
        chunk({"text": f"Ask {NAME[:6]}"}),
        chunk({"text": NAME[6:-1]}),
        chunk({"functionCall": {"name": "save", "args": {}}}),
        chunk({"text": f"{NAME[:4]}"}),
        chunk(finish="STOP"),
    ]
    got = delivered(sse(chunks) if framing == "sse" else array(chunks), framing)
    texts = [part.get("text", "CALL") for part in parts_of(got)]
    assert "".join(texts) == f"Ask {NAME[:-1]}CALL{NAME[:4]}", "what was no placeholder comes out in its place"


def test_arguments_are_restored_unless_the_tool_sends_them_out():
    args = {"to": NAME, NAME: [{"deep": f"x{NAME}"}], "n": 1}
    calls = chunk(
        {"functionCall": {"name": "save", "args": args}},
        {"functionCall": {"name": "mail", "args": args}},
        finish="STOP",
    )
    inside = {"to": "Anna", "Anna": [{"deep": "xAnna"}], "n": 1}
    for body, streaming in ((sse([calls]), True), (json.dumps(calls).encode(), False)):
        out, finished = deliver(body, streaming=streaming, outbound=frozenset({"mail"}))
        raw = out + finished.body
        got = chunks_of(raw) if streaming else [orjson.loads(raw)]
        assert [part["functionCall"]["args"] for part in parts_of(got)] == [inside, args]
        assert finished.report.tool_names == ("save", "mail")


def test_what_the_provider_runs_or_signs_is_never_restored():
    parts = [
        {"text": f"about {NAME}", "thought": True},
        {"executableCode": {"language": "PYTHON", "code": f"print('{NAME}')"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": NAME}},
        {"text": "done", "thoughtSignature": SIGNATURE},
    ]
    body = json.dumps(chunk(*parts, finish="STOP"), ensure_ascii=False).encode()
    assert deliver(body, streaming=False)[1].body == body
    assert parts_of(delivered(sse([chunk(part) for part in parts] + [chunk(finish="STOP")]))) == parts


def test_offsets_into_a_text_that_changed_are_removed_and_others_stay():
    grounding = {"webSearchQueries": ["q"], "groundingSupports": [{"segment": {"startIndex": 1, "endIndex": 9}}]}
    more = {
        "groundingMetadata": grounding,
        "citationMetadata": {"citationSources": [{"startIndex": 1}]},
        "logprobsResult": {"x": 1},
    }
    same = json.dumps(chunk({"text": "as it is"}, finish="STOP", **more)).encode()
    assert deliver(same, streaming=False)[1].body == same
    changed = chunk({"text": f"Hi {NAME}"}, finish="STOP", **more)
    for got in (
        orjson.loads(deliver(json.dumps(changed).encode(), streaming=False)[1].body),
        delivered(sse([chunk({"text": f"Hi {NAME}"}), chunk({"text": "."}, finish="STOP", **more)]))[-1],
    ):
        candidate = got["candidates"][0]
        assert candidate["groundingMetadata"] == {"webSearchQueries": ["q"]}
        assert candidate["citationMetadata"] == {}
        assert "logprobsResult" not in candidate


def test_a_label_is_a_part_of_its_own_and_other_bytes_stay():
    label = {"label": lambda _text: "\n\n[AI-generated]"}
    whole = json.dumps(chunk({"text": "Hello"}, finish="STOP")).encode()
    assert deliver(whole, streaming=False, **label)[1].body == whole.replace(
        b'{"text": "Hello"}', b'{"text": "Hello"},{"text":"\\n\\n[AI-generated]"}'
    )
    got = delivered(sse([chunk({"text": "Hel"}), chunk({"text": "lo"}, finish="STOP")]), **label)
    assert [part["text"] for part in parts_of(got)] == ["Hel", "lo", "\n\n[AI-generated]"]
    call = chunk({"text": "Hello"}, {"functionCall": {"name": "save", "args": {}}}, finish="STOP")
    assert b"AI-generated" not in deliver(json.dumps(call).encode(), streaming=False, **label)[1].body


@pytest.mark.parametrize("framing", ["sse", "array"])
def test_the_guard_ends_all_candidates_cleanly(framing):
    chunks = [
        chunk({"text": "first"}),
        chunk({"text": "second"}, index=1),
        chunk({"text": " ends"}, index=1, finish="STOP"),
        chunk({"text": " the key is sk-aaaa"}),
        chunk({"text": "aaaa and more"}),
        chunk({"text": "never"}, finish="STOP"),
    ]
    body = sse(chunks) if framing == "sse" else array(chunks)
    out, finished = deliver(body, framing=framing)
    got = chunks_of(out + finished.body, framing)
    assert (
        "".join(p["text"] for one in got for c in one["candidates"] if not c["index"] for p in c["content"]["parts"])
        == "first the key is "
    )
    assert b'"SPII"' in finished.body
    assert b"SPII" not in out
    assert (finished.report.stopped, finished.report.finish) == ("API_KEY", "SPII")
    whole = orjson.loads(
        deliver(json.dumps(chunk({"text": "a sk-aaaaaaaa b"}, finish="STOP")).encode(), streaming=False)[1].body
    )
    assert (text_of([whole]), whole["candidates"][0]["finishReason"]) == ("a ", "SPII")


@pytest.mark.parametrize(
    "part",
    [
        {"functionCall": {"name": "f", "args": {"k": "sk-aaaaaaaa"}}},
        {"functionCall": {"name": "sk-aaaaaaaa", "args": {}}},
        {"executableCode": {"code": "sk-aaaaaaaa"}},
        {"codeExecutionResult": {"output": "sk-aaaaaaaa"}},
        {"text": "sk-aaaaaaaa", "thought": True},
        {"text": "x", "thoughtSignature": "sk-aaaaaaaa"},
        {"inlineData": {"mimeType": "text/plain", "data": "sk-aaaaaaaa, in words"}},
        {"novel": {"deep": ["sk-aaaaaaaa"]}},
    ],
)
def test_a_secret_gets_out_at_no_place(part):
    for body, streaming in (
        (sse([chunk(part), chunk(finish="STOP")]), True),
        (json.dumps(chunk(part, finish="STOP")).encode(), False),
    ):
        out, finished = deliver(body, streaming=streaming)
        assert b"sk-aaaaaaaa" not in out + finished.body
        assert finished.report.stopped == "API_KEY"


@pytest.mark.parametrize("framing", ["sse", "array"])
def test_a_stream_without_its_end_is_an_error_in_its_own_form(framing):
    chunks = [chunk({"text": "Hel"}), chunk({"text": f"lo {NAME[:5]}"}), chunk(finish="STOP")]
    body = sse(chunks[:2]) if framing == "sse" else array(chunks)[: -len(json.dumps(chunks[2], indent=1))]
    out, finished = deliver(body, framing=framing)
    got = chunks_of(out + finished.body, framing)
    assert got[-1]["error"]["status"] == "UNAVAILABLE"
    assert text_of(got[:-1]) == f"Hello {NAME[:5]}"
    assert isinstance(finished.error, UpstreamFailed)
    assert not finished.report.complete


@pytest.mark.parametrize("framing", ["sse", "array"])
def test_the_providers_own_error_passes_and_is_the_end(framing):
    chunks = [chunk({"text": "Hel"}), {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}]
    body = sse(chunks) if framing == "sse" else array(chunks)
    out, finished = deliver(body, framing=framing)
    assert chunks_of(out + finished.body, framing)[-1]["error"]["message"] == "busy"
    assert (finished.report.upstream_error, finished.report.complete) == ("UNAVAILABLE", False)


def test_an_error_before_an_array_began_passes_as_it_came():
    body = b'[{"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}}]'
    out, finished = deliver(body, streaming=False)
    assert out + finished.body == body
    assert finished.report.upstream_error == "INVALID_ARGUMENT"


def test_a_refused_prompt_is_a_whole_answer():
    body = sse([{"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}])
    out, finished = deliver(body)
    assert out + finished.body == body
    assert (finished.report.complete, finished.report.finish, finished.report.usage.input) == (True, "SAFETY", 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"candidates": 1},
        {"candidates": [1]},
        {"candidates": [{"content": 1}]},
        {"candidates": [{"content": {"parts": [1]}}]},
        chunk({"text": 5}),
        {"candidates": [{"index": "0"}]},
    ],
)
def test_malformed_answers_end_as_such(wrong):
    assert deliver(sse([wrong]))[1].report.problem == "malformed"
    assert deliver(json.dumps(wrong).encode(), streaming=False)[1].report.problem == "malformed"


def test_a_call_that_comes_in_pieces_goes_on_without_its_name_and_its_pieces_are_guarded_together():
    def call(**fields):
        return chunk({"functionCall": fields})

    def pieces(*texts):
        return [call(partialArgs=[{"jsonPath": "$.who", "stringValue": text}], willContinue=True) for text in texts]

    sent = [call(name="save", willContinue=True), *pieces("for ", "Anna"), call(), chunk({"text": ""}, finish="STOP")]
    out, finished = deliver(sse(sent))
    assert out + finished.body == sse(sent)
    assert (finished.report.complete, finished.report.tool_names) == (True, ("save",))
    stopped = [
        call(name="save", willContinue=True),
        *pieces("for sk-aaa", "aaaaa!"),
        chunk({"text": ""}, finish="STOP"),
    ]
    out, finished = deliver(sse(stopped))
    assert b"aaaaa!" not in out + finished.body
    assert finished.report.stopped == "API_KEY"
    out, finished = deliver(sse([call(args={})]))
    assert finished.report.problem == "malformed"


@pytest.mark.parametrize("none", ["", "FINISH_REASON_UNSPECIFIED"])
@pytest.mark.parametrize("framing", ["sse", "array"])
def test_a_reason_that_is_no_reason_ends_nothing(framing, none):
    chunks = [chunk({"text": f"Ask {NAME[:6]}"}), chunk({"text": f"{NAME[6:]} now"}), chunk(finish="STOP")]
    for one in chunks[:2]:
        one["candidates"][0]["finishReason"] = none
    got = delivered(sse(chunks) if framing == "sse" else array(chunks), framing)
    assert text_of(got) == "Ask Anna now"
    assert got[-1]["candidates"][0]["finishReason"] == "STOP"
