"""Transcriptions: the form is read strictly, its texts redacted in place, the recording never; transcripts are guarded."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import BadRequest
from gateway.flow import Finding, PartKind, Span
from gateway.inspection.guard import GuardScanner
from gateway.protocols.multipart import read_form
from gateway.protocols.registry import DECODERS
from gateway.redaction.placeholder import PlaceholderKey, Restorable
from gateway.redaction.redact import redact
from gateway.redaction.stream import AnswerStream
from tests.providers import audio
from tests.providers.behaviour import parse

DECODE = DECODERS["openai_transcriptions"]
KEY = PlaceholderKey(b"k" * 32, "acme", "crm/li.wei")
NAME = "⟦PERSON_7f3a9c0d12e4b658⟧"
KNOWN = {NAME: Restorable("PERSON", "Maria")}
SECRET = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
GUARD = GuardScanner()
RECORDING = audio.RECORDING + bytes(range(256)) + b"\r\n--not the end\r\n"


def form(*, recording: bytes = RECORDING, filename: str = "a.wav", boundary: str = "b0undary", **fields: str) -> bytes:
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode()
        for name, text in ({"model": "whisper-1"} | fields).items()
    ]
    head = f'Content-Disposition: form-data; name="file"; filename="{filename}"\r\nContent-Type: audio/wav\r\n\r\n'.encode()
    return (
        b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in [*parts, head + recording])
        + f"--{boundary}--\r\n".encode()
    )


def test_a_form_says_what_is_asked_and_what_nobody_read():
    request = DECODE(form(prompt="It is about Maria.", response_format="vtt", language="de"))
    assert (request.model, request.uninspected, request.stream, request.plain_answer) == (
        "whisper-1",
        ("audio",),
        False,
        True,
    )
    assert request.media_type == "multipart/form-data; boundary=b0undary"
    parts = [(part.kind.value, part.role, part.text) for part in request.parts() if part.kind is not PartKind.NAME]
    assert parts == [
        ("audio", "", ""),
        ("field", "", "a.wav"),
        ("text", "user", "It is about Maria."),
        ("field", "", "de"),
    ]
    assert DECODE(form(stream="true")).stream
    odd = DECODE(form(boundary="a:b(c)/d=e?"))
    assert odd.media_type == 'multipart/form-data; boundary="a:b(c)/d=e?"'
    assert audio.form_of(odd.media_type, odd.body)["model"] == b"whisper-1"
    assert DECODERS["openai_translations"](form()).protocol == "openai_translations"


def test_texts_of_a_form_are_redacted_in_place_and_nothing_else_changes():
    sent = form(prompt="Über Maria und Maria.", keywords="Maria")
    request = DECODE(sent)
    part = next(part for part in request.parts() if part.role == "user")
    finding = Finding(part.path, part.kind, Span(5, 10, "PERSON", 1.0, "t"), "Maria")
    done = redact(request, [finding], {"PERSON": "placeholder"}, KEY)
    assert done.body == sent.replace(b"Maria", KEY.make("PERSON", "Maria").encode())
    assert done.redactions == {"PERSON": 3}
    assert read_form(done.body)[1][-1].end - read_form(done.body)[1][-1].start == len(RECORDING)


def test_the_name_of_a_file_cannot_be_edited():
    request = DECODE(form(filename="Maria Schneider.wav", prompt="x"))
    part = next(part for part in request.parts() if part.text == "Maria Schneider.wav")
    finding = Finding(part.path, part.kind, Span(0, 15, "PERSON", 1.0, "t"), "Maria Schneider")
    assert redact(request, [finding], {"PERSON": "placeholder"}, KEY).unredactable == (finding,)


BROKEN = {
    "nothing": b"",
    "json": b'{"model":"whisper-1"}',
    "preamble": b"hello\r\n" + form(),
    "epilogue": form() + b"more",
    "no end": form()[:-12],
    "bare line feeds": form().replace(b"\r\n", b"\n"),
    "no name": form().replace(b'name="model"', b"name=model"),
    "another head": form().replace(b"Content-Type: audio/wav", b"Content-Type: audio/wav\r\nContent-Transfer-Encoding: base64"),
    "a second head": form().replace(b"Content-Type: audio/wav", b"Content-Type: audio/wav\r\nContent-Type: text/plain"),
    "an odd type": form().replace(b"audio/wav", b"maria schneider"),
    "junk at a boundary": form().replace(b"--b0undary\r\n", b"--b0undary x\r\n", 2),
    "long head": form(filename="a" * 5000),
    "many fields": form(**{f"f{number}": "x" for number in range(300)}),
    "two files": form().replace(b'name="model"', b'name="file"; filename="b.wav"'),
    "no file": form().replace(b'; filename="a.wav"', b""),
    "no model": form(model=""),
    "twice": form().replace(b'name="model"', b'name="prompt"').replace(b"--b0undary\r\n", b'--b0undary\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nx\r\n--b0undary\r\n', 1),
    "an unknown format": form(response_format="docx"),
    "no switch": form(stream="perhaps"),
    "no number": form(temperature="Maria"),
    "not UTF-8": form().replace(b"whisper-1", b"\xff\xfe"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_what_could_be_read_in_two_ways_is_refused(case):
    with pytest.raises(BadRequest) as refused:
        DECODE(BROKEN[case])
    assert "Maria" not in refused.value.message


@given(
    recording=st.binary(max_size=200),
    text=st.text(max_size=20).filter(lambda t: "\r" not in t),
    at=st.integers(0, 600),
    noise=st.binary(max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_any_recording_is_carried_and_any_bytes_are_read_or_refused(recording, text, at, noise):
    sent = form(recording=recording, prompt=text, boundary="zXq19boundary")
    _, fields = read_form(sent)
    assert [sent[field.start : field.end] for field in fields] == [b"whisper-1", text.encode(), recording]
    assert audio.form_of("multipart/form-data; boundary=zXq19boundary", sent)["model"] == b"whisper-1"
    try:
        DECODE(sent[:at] + noise + sent[at:]).parts()
    except BadRequest:
        pass


def run(sent, *, streaming=False, parts=None, **options):
    options = {"placeholders": KNOWN, "guard": GUARD} | options
    stream = AnswerStream("openai", protocol="openai_transcriptions", streaming=streaming, **options)
    out = b"".join(stream.feed(part) for part in parts or [sent])
    finished = stream.finish()
    return out, finished.body, finished.report


@pytest.mark.parametrize("kind", ["json", "verbose_json", "text", "srt", "vtt"])
def test_transcripts_in_every_format(kind):
    plain = kind in {"text", "srt", "vtt"}

    def answer(text: str) -> bytes:
        made, _ = audio.transcript({"response_format": kind.encode()}, text)
        return made if isinstance(made, bytes) else json.dumps(made, ensure_ascii=False).encode()

    assert run(answer("all is well"), plain=plain)[1] == answer("all is well")
    out, end, report = run(answer(f"here is {NAME}."), plain=plain)
    assert (out, end, report.complete) == (b"", answer("here is Maria."), True)
    assert plain or (report.usage.input, report.usage.output) == (23, 9)
    out, end, report = run(answer(f"the key is {SECRET} ok"), plain=plain)
    assert report.stopped == "API_KEY"
    assert SECRET.encode() not in end
    assert b"the key is " in end
    error = b'{"error": {"message": "no", "type": "server_error"}}'
    assert run(error, plain=plain)[1:2] == (error,)
    assert run(error, plain=plain)[2].upstream_error == "server_error"


def test_what_repeats_the_text_is_guarded_where_it_differs():
    tree = {"text": "all is well", "segments": [{"text": f"no, {SECRET}"}], "words": [{"word": "all"}]}
    _, end, report = run(orjson.dumps(tree))
    assert (report.stopped, orjson.loads(end)) == ("API_KEY", {"text": "all is well"})
    for odd in ({"text": "x", "note": SECRET}, {"text": [SECRET]}, {"text": "x", "words": [{"word": [SECRET]}]}):
        assert SECRET.encode() not in run(orjson.dumps(odd))[1]


def stream_of(text: str, size: int) -> bytes:
    events = audio.events(text, parse(f"echo/size-{size}"))
    return b"".join(f"data: {json.dumps(data)}\n\n".encode() for _, data in events)


@given(
    text=st.text(st.sampled_from("ab. ⟦⟧P7中"), max_size=30),
    at=st.integers(0, 30),
    size=st.integers(1, 9),
    cuts=st.lists(st.integers(1, 90), min_size=1, max_size=5),
)
@settings(max_examples=100, deadline=None)
def test_a_streamed_transcript_in_any_pieces(text, at, size, cuts):
    text = "x " + text[:at] + NAME + text[at:]
    sent = stream_of(text, size)
    whole = run(sent, streaming=True)
    parts, start = [], 0
    while start < len(sent):
        parts.append(sent[start : start + cuts[len(parts) % len(cuts)]])
        start += len(parts[-1])
    assert run(sent, streaming=True, parts=parts) == whole
    out, end, report = whole
    events = [orjson.loads(line[6:]) for line in out.splitlines() if line.startswith(b"data: ")]
    assert "".join(event["delta"] for event in events) == text.replace(NAME, "Maria")
    assert orjson.loads(end.splitlines()[0][6:])["text"] == text.replace(NAME, "Maria")
    assert (report.complete, report.usage.input) == (True, 23)


def test_a_streamed_transcript_is_stopped_cut_and_failed():
    out, end, report = run(stream_of(f"the key is {SECRET} ok", 5), streaming=True)
    assert (report.stopped, report.complete) == ("API_KEY", True)
    assert SECRET.encode() not in out + end
    assert b'"type":"transcript.text.done","text":"the key is "' in end
    assert run(stream_of("hello there", 5)[:-40], streaming=True)[2].problem == "truncated"
    segment = b'data: {"type":"transcript.text.segment","id":"s","text":"' + SECRET.encode() + b'"}\n\n'
    assert SECRET.encode() not in run(segment, streaming=True)[0]
