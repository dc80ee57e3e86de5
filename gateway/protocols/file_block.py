"""A file's block of a request, and the block of text that may stand in its place: each protocol has its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import orjson

from gateway.flow import Path
from gateway.protocols.json_offsets import locate
from gateway.protocols.request import DecodedRequest
from gateway.redaction.splice import splice


@dataclass(frozen=True, slots=True)
class TextBlock:
    """What is replaced (the value at `path`), and where the text then stands."""

    path: Path
    text_path: Path
    form: Mapping[str, str] = field(default_factory=dict, compare=False)  # the block without its text

    def json(self, text: str) -> bytes:
        """The value that takes the file's place."""
        return orjson.dumps({**self.form, str(self.text_path[-1]): text})


def text_block(family: str, protocol: str, path: Path) -> TextBlock | None:
    """The block for a file whose data stands at `path`; None where this protocol has no text in such a place."""
    match path:
        case (*_, "content" | "output", int(), "file", "file_data") if protocol == "openai_chat":
            return _block(path[:-2], {"type": "text"})
        case (*_, "content" | "output", int(), "file_data") if family == "openai":
            return _block(path[:-1], {"type": "input_text"})
        case (*_, "content", int(), "source", "data") if family == "anthropic":
            return TextBlock(path[:-1], (*path[:-1], "data"), {"type": "text", "media_type": "text/plain"})
        case (*_, "parts", int(), "inlineData" | "inline_data", "data") if family == "gemini":
            return _block(path[:-2], {})
    return None


def _block(path: Path, form: Mapping[str, str]) -> TextBlock:
    return TextBlock(path, (*path, "text"), form)


def replaced(request: DecodedRequest, texts: Mapping[TextBlock, str]) -> bytes | None:
    """The body with texts in place of files, None if one of them is not where it should be."""
    places = locate(request.body, _paths(texts))
    if len(places) != len(texts):
        return None
    return splice(request.body, [(*places[block.path], block.json(text)) for block, text in texts.items()])


def _paths(texts: Collection[TextBlock]) -> list[Path]:
    return [block.path for block in texts]
