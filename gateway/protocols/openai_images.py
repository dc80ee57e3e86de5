"""OpenAI's images: `POST /v1/images/generations`, `/v1/images/edits` and `/v1/images/variations`, requests.

The prompt is read and redacted like any text. Pictures that come along (edits, variations) are in a form, or in the JSON of
an edit as data URLs, and cannot be read here: `uninspected`, a fact for policy; those that an edit in JSON only links to
are `references`. What comes back is read by `gateway.protocols.images_answer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from gateway.errors import BadRequest
from gateway.flow import PartKind, Path
from gateway.protocols.document import parse
from gateway.protocols.form_fields import file_segment, options_of, places_of, switch_of, text_segment, texts_of
from gateway.protocols.multipart import Field, quoted, read_form
from gateway.protocols.reading import field_segments, flag, model_of, opaque_facts
from gateway.protocols.request import DecodedRequest, Segment
from gateway.protocols.vocabulary import is_plain_model
from gateway.protocols.walk import walk_message, walk_text

GENERATIONS, EDITS, VARIATIONS = "openai_image_generations", "openai_image_edits", "openai_image_variations"
DEFAULT_MODEL = "dall-e-2"
"""What OpenAI documents for a call that names no model."""
DEFAULT_MODEL_IN_JSON = "gpt-image-1.5"
"""The same for an edit in JSON, which models before it do not take."""
LARGEST_PROMPT = 64_000  # characters; the longest that a provider documents is half of that
_DONE = frozenset({"prompt", "model", "stream", "n", "partial_images"})
_WORDS = frozenset({"model", "stream", "n", "partial_images", "size", "quality", "response_format", "background"})
_PICTURES = frozenset({"image", "image[]", "mask"})
_MOST_PICTURES = 17  # sixteen and a mask


def decode_generation(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a request of /v1/images/generations. Raises BadRequest."""
    del labels
    tree = parse(body).tree
    segments = [_prompt(GENERATIONS, tree), *field_segments(GENERATIONS, tree, _DONE)]
    return _in_json(GENERATIONS, body, tree, segments, DEFAULT_MODEL)


def _edit_in_json(body: bytes) -> DecodedRequest:
    """Pictures are data URLs, addresses, or ids of files that the provider has."""
    tree = parse(body).tree
    images = tree.get("images")
    if type(images) is not list or not 0 < len(images) < _MOST_PICTURES or not all(map(_is_picture, images)):
        raise BadRequest("images must be up to 16 objects with an image_url or a file_id", param="images")
    if tree.get("mask") is not None and not _is_picture(tree["mask"]):
        raise BadRequest("mask must be an object with an image_url or a file_id", param="mask")
    places: list[tuple[Path, Any]] = [(("images", index), item) for index, item in enumerate(images)]
    places += [(("mask",), tree["mask"])] if tree.get("mask") is not None else []
    pictures = [
        Segment(path, f"{EDITS}.picture:".encode() + orjson.dumps(item), "", item, walk_message)
        for path, item in places
    ]
    segments = [_prompt(EDITS, tree), *pictures, *field_segments(EDITS, tree, _DONE | {"images", "mask"})]
    return _in_json(EDITS, body, tree, segments, DEFAULT_MODEL_IN_JSON)


def _is_picture(item: Any) -> bool:
    return type(item) is dict and any(type(item.get(key)) is str and item[key] for key in ("image_url", "file_id"))


def _prompt(protocol: str, tree: Mapping[str, Any]) -> Segment:
    prompt = tree.get("prompt")
    if type(prompt) is not str or not 0 < len(prompt) <= LARGEST_PROMPT:
        raise BadRequest(f"prompt must be a text of at most {LARGEST_PROMPT} characters", param="prompt")
    return Segment(("prompt",), f"{protocol}.prompt:{prompt}".encode(), "user", prompt, walk_text)


def _in_json(
    protocol: str, body: bytes, tree: dict[str, Any], segments: Sequence[Segment], default: str
) -> DecodedRequest:
    references, uninspected = opaque_facts(tree, segments, _is_prompt)
    return DecodedRequest(
        protocol=protocol,
        family="openai",
        model=model_of({"model": default} | tree),
        stream=flag(tree, "stream"),
        segments=tuple(segments),
        body=body,
        references=references,
        uninspected=uninspected,
        generates=False,
        makes="image",
    )


def decode_edit(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a form, or JSON, of /v1/images/edits. Raises BadRequest."""
    del labels
    return _edit_in_json(body) if body.lstrip()[:1] == b"{" else _form(EDITS, body)


def decode_variation(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a form of /v1/images/variations. Raises BadRequest."""
    del labels
    return _form(VARIATIONS, body)


def _is_prompt(_tree: Mapping[str, Any], segment: Segment) -> bool:
    return segment.path == ("prompt",)


def _form(protocol: str, body: bytes) -> DecodedRequest:
    boundary, fields = read_form(body)
    texts = texts_of(body, fields)
    options = options_of(texts)
    if len(options.get("prompt", "")) > LARGEST_PROMPT:
        raise BadRequest(f"prompt must be a text of at most {LARGEST_PROMPT} characters", param="prompt")
    segments = [
        file_segment(protocol, field, PartKind.IMAGE, ("form", index, field.name))
        for index, field in enumerate(_pictures(fields))
    ]
    segments += [
        text_segment(protocol, path, text)
        for path, text in texts.items()
        if path[2] not in _WORDS or len(text) > 32 or (path[2] == "model" and not is_plain_model(text))
    ]
    return DecodedRequest(
        protocol=protocol,
        family="openai",
        model=model_of({"model": DEFAULT_MODEL} | options),
        stream=switch_of(options, "stream"),
        segments=tuple(segments),
        body=body,
        uninspected=("image",),
        media_type=f"multipart/form-data; boundary={quoted(boundary)}",
        form=places_of(fields),
        generates=False,
        makes="image",
        inputs=tuple((field.start, field.end) for field in fields if field.filename is not None),
    )


def _pictures(fields: Sequence[Field]) -> list[Field]:
    files = [field for field in fields if field.filename is not None]
    if not files or any(field.name not in _PICTURES for field in files) or len(files) > _MOST_PICTURES:
        raise BadRequest(f"the form must hold files named {', '.join(sorted(_PICTURES))} and no others", param="image")
    return files
