"""OpenAI transcriptions and translations: `POST /v1/audio/transcriptions` and `/v1/audio/translations`, requests.

A form with a recording, which nobody here can read: `uninspected`, a fact for policy. Its other fields are texts, read
and redacted in place; the name of the file cannot be edited. The transcript that comes back is guarded like any answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import BadRequest
from gateway.flow import PartKind
from gateway.protocols.form_fields import file_segment, options_of, places_of, switch_of, text_segment, texts_of
from gateway.protocols.multipart import quoted, read_form
from gateway.protocols.reading import model_of
from gateway.protocols.request import DecodedRequest
from gateway.protocols.vocabulary import is_plain_model

TRANSCRIPTIONS, TRANSLATIONS = "openai_transcriptions", "openai_translations"
JSON_FORMATS = frozenset({"json", "verbose_json", "diarized_json"})
TEXT_FORMATS = frozenset({"text", "srt", "vtt"})
_WORDS = frozenset({"model", "response_format", "stream", "temperature"})


def decode_transcription(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a form of /v1/audio/transcriptions. Raises BadRequest."""
    del labels
    return _decode(TRANSCRIPTIONS, body)


def decode_translation(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a form of /v1/audio/translations. Raises BadRequest."""
    del labels
    return _decode(TRANSLATIONS, body)


def _decode(protocol: str, body: bytes) -> DecodedRequest:
    boundary, fields = read_form(body)
    texts = texts_of(body, fields)
    files = [field for field in fields if field.filename is not None]
    if [field.name for field in files] != ["file"]:
        raise BadRequest("the form must hold one file, named file", param="file")
    options = options_of(texts)
    temperature = options.get("temperature", "0")
    if not (len(temperature) <= 6 and temperature.replace(".", "", 1).isdecimal()):
        raise BadRequest("temperature must be a number", param="temperature")
    answers_in = options.get("response_format", "json")
    if answers_in not in JSON_FORMATS | TEXT_FORMATS:
        raise BadRequest("response_format is not a format of this API", param="response_format")
    stream = switch_of(options, "stream")
    segments = [file_segment(protocol, files[0], PartKind.AUDIO)]
    segments += [text_segment(protocol, path, text) for path, text in texts.items() if _is_content(path[2], text)]
    uninspected = {part.kind.value for segment in segments for part in segment.parts()} & {"audio", "file", "image"}
    return DecodedRequest(
        protocol=protocol,
        family="openai",
        model=model_of(options),
        stream=stream,
        segments=tuple(segments),
        body=body,
        uninspected=tuple(sorted(uninspected)),
        media_type=f"multipart/form-data; boundary={quoted(boundary)}",
        form=places_of(fields),
        plain_answer=answers_in in TEXT_FORMATS,
        generates=False,
        inputs=tuple((field.start, field.end) for field in files),
    )


def _is_content(name: str, text: str) -> bool:
    return name not in _WORDS or (name == "model" and not is_plain_model(text))
