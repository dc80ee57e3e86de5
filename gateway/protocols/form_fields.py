"""The fields of a form as a request: texts that are read and edited in place, files that nobody here can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.errors import BadRequest
from gateway.flow import Part, PartKind, Path
from gateway.protocols.multipart import Field
from gateway.protocols.request import Segment
from gateway.protocols.walk import Walk, walk_field, walk_text

SWITCHES: Mapping[str, bool] = {"true": True, "false": False, "1": True, "0": False}
FormPath = tuple[str, int, str]
"""("form", number of the field, its name): where a text of a form stands."""


def texts_of(body: bytes, fields: Sequence[Field]) -> dict[FormPath, str]:
    """The fields that are no files, by place. Raises BadRequest for one that is no text."""
    return {
        ("form", index, field.name): _text_of(body, field)
        for index, field in enumerate(fields)
        if field.filename is None
    }


def places_of(fields: Sequence[Field]) -> dict[Path, tuple[int, int]]:
    """Where the texts stand in the body, in bytes."""
    return {
        ("form", index, field.name): (field.start, field.end)
        for index, field in enumerate(fields)
        if field.filename is None
    }


def options_of(texts: Mapping[FormPath, str]) -> dict[str, str]:
    """The fields by name. One that is given twice means two things, unless it is a list. Raises BadRequest."""
    options: dict[str, str] = {}
    for (_, _, name), text in texts.items():
        if name in options and not name.endswith("]"):
            raise BadRequest(f"{name} is given twice", param=name)
        options[name] = text
    return options


def switch_of(options: Mapping[str, str], name: str) -> bool:
    """A field that is true or false; absent reads as false. Raises BadRequest."""
    value = SWITCHES.get(options.get(name, "false").lower())
    if value is None:
        raise BadRequest(f"{name} must be true or false", param=name)
    return value


def file_segment(protocol: str, field: Field, kind: PartKind, path: Path = ("file",)) -> Segment:
    """A file: its content is unread, its name is a text that nobody can edit."""
    content = f"{protocol}.{field.name}:{field.filename}".encode()

    def walker(filename: Any, here: Path, _role: str) -> Walk:
        walk = Walk([Part(here, kind, "")])
        if filename:
            walk.parts.append(Part((*here, "filename"), PartKind.FIELD, filename))
            walk.sealed.add((*here, "filename"))
        return walk

    return Segment(path, content, "", field.filename, walker)


def text_segment(protocol: str, path: FormPath, text: str) -> Segment:
    """A text of a form: `prompt` is what the model reads, any other is an option with a value."""
    content = f"{protocol}.field:{path[2]}:{text}".encode()
    if path[2] == "prompt":
        return Segment(path, content, "user", text, walk_text)
    return Segment(path, content, "", text, _option_walker)


def _option_walker(text: Any, path: Path, _role: str) -> Walk:
    return walk_field(text, path)


def _text_of(body: bytes, field: Field) -> str:
    try:
        return body[field.start : field.end].decode()
    except UnicodeDecodeError:
        raise BadRequest(f"{field.name} is not a text in UTF-8", param=field.name) from None
