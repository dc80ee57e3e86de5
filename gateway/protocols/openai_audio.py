"""OpenAI transcriptions and translations: `POST /v1/audio/transcriptions` and `/v1/audio/translations`, requests.

A form with a recording, which nobody here can read: `uninspected`, a fact for policy. Its other fields are texts, read
and redacted in place; the name of the file cannot be edited. The transcript that comes back is guarded like any answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.errors import BadRequest
from gateway.flow import Part, PartKind, Path
from gateway.protocols.multipart import Field, quoted, read_form
from gateway.protocols.reading import model_of
from gateway.protocols.request import DecodedRequest, Segment
from gateway.protocols.vocabulary import is_plain_model
from gateway.protocols.walk import Walk, walk_field, walk_text

TRANSCRIPTIONS, TRANSLATIONS = "openai_transcriptions", "openai_translations"
JSON_FORMATS = frozenset({"json", "verbose_json", "diarized_json"})
TEXT_FORMATS = frozenset({"text", "srt", "vtt"})
_SWITCHES = {"true": True, "false": False, "1": True, "0": False}
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
    texts = {
        ("form", index, field.name): _text_of(body, field)
        for index, field in enumerate(fields)
        if field.filename is None
    }
    files = [field for field in fields if field.filename is not None]
    if [field.name for field in files] != ["file"]:
        raise BadRequest("the form must hold one file, named file", param="file")
    options = _options(texts)
    answers_in = options.get("response_format", "json")
    if answers_in not in JSON_FORMATS | TEXT_FORMATS:
        raise BadRequest("response_format is not a format of this API", param="response_format")
    stream = _SWITCHES.get(options.get("stream", "false").lower())
    if stream is None:
        raise BadRequest("stream must be true or false", param="stream")
    segments = [_file_segment(protocol, files[0])]
    segments += [_field_segment(protocol, path, text) for path, text in texts.items() if _is_content(path[2], text)]
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
        form={
            path: (field.start, field.end)
            for path, field in zip(texts, (f for f in fields if f.filename is None), strict=True)
        },
        plain_answer=answers_in in TEXT_FORMATS,
        generates=False,
    )


def _is_content(name: str, text: str) -> bool:
    return name not in _WORDS or (name == "model" and not is_plain_model(text))


def _text_of(body: bytes, field: Field) -> str:
    try:
        return body[field.start : field.end].decode()
    except UnicodeDecodeError:
        raise BadRequest(f"{field.name} is not a text in UTF-8", param=field.name) from None


def _options(texts: Mapping[tuple[str, int, str], str]) -> dict[str, str]:
    """The fields by name. One that is given twice means two things, unless it is a list. Raises BadRequest."""
    options: dict[str, str] = {}
    for (_, _, name), text in texts.items():
        if name in options and not name.endswith("]"):
            raise BadRequest(f"{name} is given twice", param=name)
        options[name] = text
    temperature = options.get("temperature", "0")
    if not (len(temperature) <= 6 and temperature.replace(".", "", 1).isdecimal()):
        raise BadRequest("temperature must be a number", param="temperature")
    return options


def _file_segment(protocol: str, field: Field) -> Segment:
    content = f"{protocol}.file:{field.filename}".encode()
    return Segment(("file",), content, "", field.filename, _file_walker)


def _file_walker(filename: Any, path: Path, _role: str) -> Walk:
    """The recording, which nobody can read, and its name, which nobody can edit."""
    walk = Walk([Part(path, PartKind.AUDIO, "")])
    here = (*path, "filename")
    if filename:
        walk.parts.append(Part(here, PartKind.FIELD, filename))
        walk.sealed.add(here)
    return walk


def _field_segment(protocol: str, path: tuple[str, int, str], text: str) -> Segment:
    content = f"{protocol}.field:{path[2]}:{text}".encode()
    if path[2] == "prompt":
        return Segment(path, content, "user", text, walk_text)
    return Segment(path, content, "", text, _option_walker)


def _option_walker(text: Any, path: Path, _role: str) -> Walk:
    return walk_field(text, path)
