"""Images and speech: what requests are read as, and what goes on of their answers."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadRequest
from gateway.flow import PartKind
from gateway.protocols.given_media import given_in
from gateway.protocols.openai_images import decode_edit, decode_generation, decode_variation
from gateway.protocols.openai_speech import decode as decode_speech
from gateway.redaction.stream import AnswerStream, Finished
from tests.gateway.redaction.scanner import Scanner
from tests.providers import pictures

GENERATIONS = "openai_image_generations"
SECRET = "sk-abcdefgh12345678"


def form(*fields: tuple[str, str | None, bytes]) -> bytes:
    out = b""
    for name, filename, value in fields:
        file = f'; filename="{filename}"' if filename is not None else ""
        out += f'--b0undary\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value + b"\r\n"
    return out + b"--b0undary--\r\n"


def answered(
    chunks: list[bytes], *, streaming: bool, protocol: str = GENERATIONS, **rules: Any
) -> tuple[bytes, Finished]:
    stream = AnswerStream("openai", streaming=streaming, protocol=protocol, **rules)
    out = b"".join(stream.feed(chunk) for chunk in chunks)
    finished = stream.finish()
    return out + finished.body, finished


# Requests


def test_a_prompt_is_a_text_like_any_other() -> None:
    request = decode_generation(
        json.dumps({"model": "gpt-image-1", "prompt": "a fox", "n": 2, "size": "1024x1024"}).encode()
    )
    assert [(part.path, part.kind, part.text) for part in request.parts() if part.role] == [(("prompt",), PartKind.TEXT, "a fox")]  # fmt: skip
    assert (request.model, request.makes, request.stream, request.generates) == ("gpt-image-1", "image", False, False)


def test_a_call_without_a_model_is_for_the_documented_one() -> None:
    assert decode_generation(b'{"prompt":"a fox"}').model == "dall-e-2"
    assert decode_variation(form(("image", "a.png", b"x"))).model == "dall-e-2"


def test_the_pictures_of_an_edit_are_unread_and_their_names_sealed() -> None:
    body = form(("image[]", "me.png", b"\x89PNG one"), ("image[]", "you.png", b"two"), ("mask", "mask.png", b"three"),
                ("prompt", None, b"a fox"), ("model", None, b"gpt-image-1"), ("stream", None, b"true"))  # fmt: skip
    request = decode_edit(body)
    assert request.uninspected == ("image",)
    assert [part.text for part in request.parts()] == ["", "me.png", "", "you.png", "", "mask.png", "a fox"]
    assert len(request.sealed()) == 3
    assert request.stream
    assert [body[start:end] for start, end in request.inputs] == [b"\x89PNG one", b"two", b"three"]
    start, end = request.form[("form", 3, "prompt")]  # type: ignore[index]
    assert body[start:end] == b"a fox"


PIXELS = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
DATA_URL = "data:image/png;base64," + base64.b64encode(PIXELS).decode()


@pytest.mark.parametrize(
    ("picture", "references", "uninspected", "given"),
    [
        ({"image_url": DATA_URL}, (), ("image",), [("image/png", PIXELS)]),
        ({"image_url": "https://pictures.example/a.png"}, ("url",), (), []),
        ({"file_id": "file-1"}, ("file_id",), (), []),
    ],
)
def test_an_edit_in_json_says_what_its_pictures_are(
    picture: dict[str, str], references: tuple[str, ...], uninspected: tuple[str, ...], given: list[tuple[str, bytes]]
) -> None:
    for tree in ({"images": [picture]}, {"images": [{"file_id": "a"}], "mask": picture}):
        body = json.dumps({"prompt": "a fox", "user": "Maria", **tree}).encode()
        request = decode_edit(body)
        assert set(request.references) - set(references) <= {"file_id"}
        assert set(references) <= set(request.references)
        assert (request.uninspected, given_in(request)) == (uninspected, given)
        assert (request.protocol, request.model, request.media_type) == (
            "openai_image_edits", "gpt-image-1.5", "application/json",
        )  # fmt: skip
        texts = [part.text for part in request.parts()]
        assert {"a fox", "Maria"} <= set(texts)
        assert request.body == body


@pytest.mark.parametrize(
    ("decode", "body", "param"),
    [
        (decode_generation, b'{"model":"x","prompt":7}', "prompt"),
        (decode_generation, b'{"model":"x"}', "prompt"),
        (decode_generation, b'{"model":"x","prompt":"a","stream":"yes"}', "stream"),
        (decode_generation, json.dumps({"model": "x", "prompt": "a" * 64_001}).encode(), "prompt"),
        (decode_edit, form(("prompt", None, b"a fox")), "image"),
        (decode_edit, b'{"prompt":"a"}', "images"),
        (decode_edit, b'{"prompt":"a","images":[]}', "images"),
        (decode_edit, b'{"prompt":"a","images":["https://x.example/a.png"]}', "images"),
        (decode_edit, b'{"prompt":"a","images":[{"image_url":7}]}', "images"),
        (decode_edit, json.dumps({"prompt": "a", "images": [{"file_id": "f"}] * 17}).encode(), "images"),
        (decode_edit, b'{"prompt":"a","images":[{"file_id":"f"}],"mask":"f"}', "mask"),
        (decode_edit, b'{"images":[{"file_id":"f"}]}', "prompt"),
        (decode_edit, form(("image", "a", b"x"), ("other", "b", b"y")), "image"),
        (decode_edit, form(("image", "a", b"x"), ("prompt", None, b"a"), ("prompt", None, b"b")), "prompt"),
        (decode_edit, form(*[("image[]", "a", b"x")] * 18), "image"),
        (decode_edit, form(("image", "a", b"x"), ("prompt", None, b"\xff")), "prompt"),
        (decode_speech, b'{"model":"x","input":""}', None),
        (decode_speech, b'{"model":"x","input":"a","stream_format":"sse"}', "stream_format"),
        (decode_speech, b'{"model":"x","input":["a"]}', "input"),
        (decode_speech, b'{"model":"x","instructions":"a"}', "input"),
        (decode_speech, b'{"model":"x","input":"a","response_format":"docx"}', "response_format"),
        (decode_speech, b'{"model":"x","input":"a","speed":"fast"}', "speed"),
    ],
)
def test_what_is_no_request_is_refused_by_name(decode: Any, body: bytes, param: str | None) -> None:
    if param is None:
        assert decode(body).makes == "audio"
        return
    with pytest.raises(BadRequest) as refused:
        decode(body)
    assert refused.value.param == param


# Answers


def test_an_answer_that_nothing_touches_keeps_its_bytes() -> None:
    body = json.dumps(pictures.answer("a fox", "echo", "b64_json", ""), indent=1).encode()
    out, finished = answered([body], streaming=False, guard=Scanner())
    assert out == body
    assert finished.report.complete
    assert finished.report.usage is not None
    assert (finished.report.usage.input, finished.report.usage.output) == (11, 272)


def test_a_revised_prompt_is_guarded_and_a_picture_is_no_text() -> None:
    row = {"b64_json": base64.b64encode(SECRET.encode() * 40).decode()}
    assert answered([json.dumps({"data": [row]}).encode()], streaming=False, guard=Scanner())[1].report.complete
    told = json.dumps({"data": [{"revised_prompt": f"the key is {SECRET}"}]}).encode()
    out, finished = answered([told], streaming=False, guard=Scanner())
    assert SECRET not in out.decode()
    assert finished.error is not None


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=12))
def test_a_stream_comes_out_the_same_however_it_is_cut(cuts: list[int]) -> None:
    events = [
        f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
        for name, data in pictures.events("a fox", "drafts-2", "image_edit")
    ]
    stream, chunks, at = b"".join(events), [], 0
    for cut in cuts:
        chunks.append(stream[at : at + cut])
        at += cut
    out, finished = answered([*chunks, stream[at:]], streaming=True, protocol="openai_image_edits")
    assert out == stream
    assert finished.body == events[-1]  # the picture itself waits for the record
    assert finished.report.complete


def test_a_stream_that_ends_before_its_picture_says_so() -> None:
    first = next(iter(pictures.events("a fox", "echo", "image_generation")))
    out, finished = answered([f"data: {json.dumps(first[1])}\n\n".encode()], streaming=True)
    assert b"lexgate_upstream_failed" in out
    assert finished.report.problem == "truncated"


def test_a_recording_passes_as_it_is_and_an_error_as_json() -> None:
    recording, _ = pictures.speech("hello there", "wav")
    assert answered([recording], streaming=False, protocol="openai_speech")[0] == recording
    out, finished = answered(
        [b'{"error":{"type":"server_error","message":"no"}}'], streaming=False, protocol="openai_speech"
    )
    assert finished.report.upstream_error == "server_error"
    assert out.startswith(b'{"error"')
    assert answered([b""], streaming=False, protocol="openai_speech")[1].error is not None
