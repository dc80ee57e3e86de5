"""OpenAI's speech: `POST /v1/audio/speech`, requests. Its text is read and redacted; a recording comes back, whole.

Answers in events (`stream_format: sse`) are refused: a recording is marked as a whole, from its first second on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.errors import BadRequest
from gateway.protocols.document import parse
from gateway.protocols.reading import field_segments, model_of, opaque_facts
from gateway.protocols.request import DecodedRequest, Segment
from gateway.protocols.vocabulary import is_word_of
from gateway.protocols.walk import walk_text

PROTOCOL = "openai_speech"
LARGEST_INPUT = 64_000  # characters
_TEXTS = ("input", "instructions")
_FORMATS = frozenset({"mp3", "opus", "aac", "flac", "wav", "pcm"})
_DONE = frozenset({*_TEXTS, "model", "response_format", "stream_format", "speed"})


def decode(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a request of /v1/audio/speech. Raises BadRequest."""
    del labels
    tree = parse(body).tree
    if not is_word_of(tree.get("stream_format"), {None, "audio"}):
        raise BadRequest("a recording is marked whole: leave stream_format out, or say audio", param="stream_format")
    if not is_word_of(tree.get("response_format", "mp3"), _FORMATS):
        raise BadRequest("response_format is not a format of this API", param="response_format")
    if type(tree.get("speed", 1.0)) not in {int, float} or not 0 < tree.get("speed", 1.0) <= 8:
        raise BadRequest("speed must be a number", param="speed")
    segments = [_text(field, tree[field]) for field in _TEXTS if field in tree]
    if not segments or segments[0].path != ("input",):
        raise BadRequest("input must be a text", param="input")
    segments += field_segments(PROTOCOL, tree, _DONE)
    references, uninspected = opaque_facts(tree, segments, _is_text)
    return DecodedRequest(
        protocol=PROTOCOL,
        family="openai",
        model=model_of(tree),
        stream=False,
        segments=tuple(segments),
        body=body,
        references=references,
        uninspected=uninspected,
        generates=False,
        makes="audio",
        binary_answer="audio",
    )


def _text(field: str, text: Any) -> Segment:
    if type(text) is not str or len(text) > LARGEST_INPUT:
        raise BadRequest(f"{field} must be a text of at most {LARGEST_INPUT} characters", param=field)
    return Segment((field,), f"{PROTOCOL}.{field}:{text}".encode(), "user", text, walk_text)


def _is_text(_tree: Mapping[str, Any], segment: Segment) -> bool:
    return segment.path[0] in _TEXTS
