"""OpenAI's videos: `POST /v1/videos` makes a job; its state, its content and its end are asked for by its id.

The prompt is read and redacted like any text, a picture that comes along is `uninspected`. A job belongs to the
principal that made it: the gateway asks for no other's (`gateway/continuing.py`), and each of its own requests to the
provider is a call with a record of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import BadRequest
from gateway.flow import PartKind
from gateway.protocols.form_fields import file_segment, options_of, places_of, text_segment, texts_of
from gateway.protocols.multipart import quoted, read_form
from gateway.protocols.reading import model_of
from gateway.protocols.request import DecodedRequest
from gateway.protocols.vocabulary import is_plain_model

JOBS, STATUS, CONTENT, PICTURE, DELETION = (
    "openai_videos", "openai_video_status", "openai_video_content", "openai_video_picture", "openai_video_deletion",
)  # fmt: skip
DEFAULT_MODEL = "sora-2"
"""What OpenAI documents for a call that names no model."""
LARGEST_PROMPT = 64_000  # characters
_WORDS = frozenset({"model", "seconds", "size"})
_REFERENCE = "input_reference"


def decode_job(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a form of /v1/videos. Raises BadRequest."""
    del labels
    boundary, fields = read_form(body)
    texts = texts_of(body, fields)
    options = options_of(texts)
    if not 0 < len(options.get("prompt", "")) <= LARGEST_PROMPT:
        raise BadRequest(f"prompt must be a text of at most {LARGEST_PROMPT} characters", param="prompt")
    files = [field for field in fields if field.filename is not None]
    if len(files) > 1 or any(field.name != _REFERENCE for field in files):
        raise BadRequest(f"the form holds at most one file, named {_REFERENCE}", param=_REFERENCE)
    segments = [file_segment(JOBS, field, PartKind.IMAGE) for field in files]
    segments += [
        text_segment(JOBS, path, text)
        for path, text in texts.items()
        if path[2] not in _WORDS or len(text) > 32 or (path[2] == "model" and not is_plain_model(text))
    ]
    return DecodedRequest(
        protocol=JOBS,
        family="openai",
        model=model_of({"model": DEFAULT_MODEL} | options),
        stream=False,
        segments=tuple(segments),
        body=body,
        references=tuple(sorted({name for name in options if name.startswith(f"{_REFERENCE}[")})),
        uninspected=("image",) if files else (),
        media_type=f"multipart/form-data; boundary={quoted(boundary)}",
        form=places_of(fields),
        generates=False,
        stored=True,
        makes="video",
        inputs=tuple((field.start, field.end) for field in files),
    )


def decode_status(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """A question for a job's state. Raises BadRequest."""
    del labels
    return _about(STATUS, body)


def decode_deletion(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """The wish that a job and what it made be deleted. Raises BadRequest."""
    del labels
    return _about(DELETION, body)


def decode_content(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """A question for the film that a job made. Raises BadRequest."""
    del labels
    return _about(CONTENT, body, binary="video")


def decode_picture(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """A question for a picture of the film. Raises BadRequest."""
    del labels
    return _about(PICTURE, body, binary="image")


def _about(protocol: str, body: bytes, *, binary: str = "") -> DecodedRequest:
    """A request without a body: provider and model are those of the job, once that is known."""
    if body:
        raise BadRequest("a request about a job has no body")
    return DecodedRequest(
        protocol=protocol,
        family="openai",
        model="",
        stream=False,
        segments=(),
        body=b"",
        media_type="",
        generates=False,
        makes=binary,
        binary_answer=binary,
    )
