"""Video jobs: what a form asks for, what may be asked about a job, and what goes on of the answers."""

from __future__ import annotations

import json

import pytest

from gateway.errors import BadRequest
from gateway.flow import PartKind
from gateway.ingress.endpoints import endpoint_of
from gateway.protocols.openai_videos import decode_content, decode_job, decode_status
from gateway.redaction.stream import AnswerStream
from tests.gateway.protocols.test_openai_images import SECRET, form
from tests.gateway.redaction.scanner import Scanner
from tests.providers import pictures


def test_a_job_is_a_prompt_and_perhaps_a_picture() -> None:
    body = form(("prompt", None, b"a fox"), ("seconds", None, b"8"), ("input_reference", "fox.png", b"pixels"))
    request = decode_job(body)
    assert [(part.kind, part.text) for part in request.parts()] == [
        (PartKind.IMAGE, ""),
        (PartKind.FIELD, "fox.png"),
        (PartKind.TEXT, "a fox"),
    ]
    assert (request.model, request.makes, request.stored, request.uninspected) == ("sora-2", "video", True, ("image",))
    assert [body[start:end] for start, end in request.inputs] == [b"pixels"]


def test_a_reference_to_what_only_the_provider_has_is_one() -> None:
    request = decode_job(form(("prompt", None, b"a fox"), ("input_reference[file_id]", None, b"file-abc123")))
    assert request.references == ("input_reference[file_id]",)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        form(("seconds", None, b"4")),
        form(("prompt", None, b"")),
        form(("prompt", None, b"a"), ("other", "a.png", b"x")),
        form(("prompt", None, b"a"), ("input_reference", "a.png", b"x"), ("input_reference", "b.png", b"y")),
    ],
)
def test_what_is_no_job_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        decode_job(body)


def test_a_question_about_a_job_has_no_body() -> None:
    assert decode_status(b"").segments == ()
    assert decode_content(b"").binary_answer == "video"
    with pytest.raises(BadRequest):
        decode_status(b"{}")


@pytest.mark.parametrize(
    ("path", "query", "method", "protocol"),
    [
        ("/v1/videos/video_1", b"", "GET", "openai_video_status"),
        ("/v1/videos/video_1", b"", "DELETE", "openai_video_deletion"),
        ("/v1/videos/video_1/content", b"", "GET", "openai_video_content"),
        ("/v1/videos/video_1/content", b"variant=thumbnail", "GET", "openai_video_picture"),
        ("/v1/videos/video_1/content", b"variant=other", "GET", None),
        ("/v1/videos/video_1/content", b"", "DELETE", None),
        ("/v1/videos/video_1/remix", b"", "POST", None),
        ("/v1/videos/../files", b"", "GET", None),
        ("/v1/videos/video_1%2fcontent", b"", "GET", None),
        ("/v1/videos/", b"", "GET", None),
    ],
)
def test_paths_of_jobs(path: str, query: bytes, method: str, protocol: str | None) -> None:
    endpoint = endpoint_of(path, query, method)
    assert (endpoint.protocol if endpoint else None) == protocol


def test_an_answer_that_says_what_it_must_not_goes_nowhere() -> None:
    job = pictures.job(1, {"prompt": "a fox"}, 2)
    for told, fine in ((job, True), (job | {"error": {"message": SECRET}}, False), (job | {"prompt": SECRET}, False)):
        stream = AnswerStream("openai", streaming=False, protocol="openai_videos", guard=Scanner())
        stream.feed(json.dumps(told).encode())
        finished = stream.finish()
        assert (finished.error is None) is fine
        assert SECRET not in finished.body.decode()
