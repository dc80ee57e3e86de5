"""What the canned provider hears: a recording is `RIFF` and the very words in UTF-8; its transcript says them again.

The form is read by Python's own mail parser, with the boundary that the header names.
"""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from typing import Any

from tests.providers.behaviour import Behaviour

Json = dict[str, Any]
RECORDING = b"RIFF"


def form_of(content_type: str, body: bytes) -> dict[str, bytes]:
    """The fields of a form, files by their content. Raises ValueError for what is none."""
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    if not message.is_multipart():
        raise ValueError("not a form")
    fields: dict[str, bytes] = {}
    for part in message.get_payload():
        name = part.get_param("name", header="content-disposition")  # type: ignore[union-attr]
        fields[str(name)] = part.get_payload(decode=True)  # type: ignore[union-attr,assignment]
    return fields


def heard(fields: dict[str, bytes]) -> str:
    """The prompt's words, if there are any, and those of the recording."""
    words = fields["file"].removeprefix(RECORDING).decode("utf-8", "replace")
    prompt = fields.get("prompt", b"").decode()
    return f"{prompt} {words}" if prompt else words


def usage() -> Json:
    details = {"audio_tokens": 20, "text_tokens": 3}
    return {
        "type": "tokens",
        "input_tokens": 23,
        "output_tokens": 9,
        "total_tokens": 32,
        "input_token_details": details,
    }


def transcript(fields: dict[str, bytes], text: str) -> tuple[bytes | Json, bytes]:
    """(answer, its media type) in the format that was asked for."""
    kind = fields.get("response_format", b"json").decode()
    if kind in {"text", "srt", "vtt"}:
        head = {"text": "", "srt": "1\n00:00:00,000 --> 00:00:02,000\n", "vtt": "WEBVTT\n\n00:00.000 --> 00:02.000\n"}[
            kind
        ]
        return f"{head}{text}\n".encode(), b"text/plain; charset=utf-8"
    answer: Json = {"text": text}
    if kind == "verbose_json":
        segments = [{"id": 0, "start": 0.0, "end": 2.0, "text": text, "tokens": [1, 2], "avg_logprob": -0.25}]
        words = [{"word": word, "start": 0.0, "end": 0.5} for word in text.split()]
        answer |= {"task": "transcribe", "language": "english", "duration": 2.5, "segments": segments, "words": words}
    return answer | {"usage": usage()}, b"application/json"


def events(text: str, behaviour: Behaviour) -> Iterator[tuple[str, Json | str]]:
    """A streamed transcript."""
    for start in range(0, len(text), behaviour.size):
        yield "", {"type": "transcript.text.delta", "delta": text[start : start + behaviour.size]}
    if "noend" not in behaviour.flags:
        yield "", {"type": "transcript.text.done", "text": text, "usage": usage()}
