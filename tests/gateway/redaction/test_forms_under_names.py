"""Every form of answer under the guard `names`: nobody is named whom inspectors have found, whole or streamed."""

from __future__ import annotations

import json

import pytest

from gateway.flow import Span
from gateway.redaction.inspected_stream import InspectedStream
from gateway.redaction.names_guard import NamesGuard
from tests.providers import answers, audio, responses, texts
from tests.providers.behaviour import parse

SAID = "All is well. Please call Bob tomorrow. Goodbye."
MODEL = "echo/size-3"


def completion(*, streaming: bool) -> bytes:
    request = {"model": MODEL, "prompt": SAID}
    said = answers.answer(texts.as_chat(request), b"", parse(MODEL))
    if not streaming:
        return json.dumps(texts.completion(said, request)).encode()
    events = (one if isinstance(one, str) else json.dumps(one) for _, one in texts.completion_events(said, request))
    return b"".join(f"data: {one}\n\n".encode() for one in events)


def response(*, streaming: bool) -> bytes:
    request = {"model": MODEL, "input": SAID}
    said = answers.answer(request, b"", parse(MODEL))
    if not streaming:
        return json.dumps(responses.body(said, request)).encode()
    return b"".join(f"data: {json.dumps(one)}\n\n".encode() for _, one in responses.events(said, request))


def transcript(*, streaming: bool) -> bytes:
    if streaming:
        return b"".join(f"data: {json.dumps(one)}\n\n".encode() for _, one in audio.events(SAID, parse(MODEL)))
    return json.dumps(audio.transcript({"response_format": b"verbose_json"}, SAID)[0]).encode()


def subtitles(*, streaming: bool) -> bytes:
    assert not streaming
    return f"WEBVTT\n\n00:00.000 --> 00:02.000\n{SAID}\n".encode()


FORMS = {
    "openai_completions": completion,
    "openai_responses": response,
    "openai_transcriptions": transcript,
    "openai_translations": subtitles,
}


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("protocol", FORMS)
def test_an_answer_ends_before_the_name(protocol, streaming):
    if streaming and protocol == "openai_translations":
        return  # translations do not stream
    names = NamesGuard(lambda _label, _value: False)
    plain = protocol == "openai_translations"
    stream = InspectedStream("openai", protocol=protocol, streaming=streaming, names=names, plain=plain)

    def inspected() -> bytes:
        for text in names.wanted():
            at = text.find("Bob")
            names.learn(text, [Span(at, at + 3, "PERSON", 1.0, "t")] if at >= 0 else [])
        return stream.idle()

    sent, out = FORMS[protocol](streaming=streaming), b""
    for at in range(0, len(sent), 11):
        out += stream.feed(sent[at : at + 11]) + inspected()
    stream.end()
    out += inspected()
    finished = stream.finish()
    assert (finished.report.stopped, finished.report.complete) == ("PERSON", True)
    assert b"Bob" not in out + finished.body
    assert "All is well." in finished.report.delivered_text
