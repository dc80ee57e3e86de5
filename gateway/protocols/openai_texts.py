"""OpenAI's calls on bare texts: `/v1/completions` (legacy), `/v1/embeddings`, `/v1/moderations`, requests.

Their input is a text or many; token numbers, which these APIs also take, cannot be inspected and are refused. Completions
stream like chat, with the same declared insertion (usage); embeddings and moderations answer with numbers only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from gateway.errors import BadRequest
from gateway.flow import Path
from gateway.protocols.document import parse
from gateway.protocols.openai_chat import check_choices
from gateway.protocols.reading import (
    MAX_MESSAGES,
    field_segments,
    flag,
    is_plain,
    model_of,
    object_of,
    opaque_facts,
    tokens_of,
)
from gateway.protocols.request import DecodedRequest, Segment
from gateway.protocols.walk import Walk, walk_message, walk_text

COMPLETIONS, EMBEDDINGS, MODERATIONS = "openai_completions", "openai_embeddings", "openai_moderations"
DEFAULT_MODERATION = "omni-moderation-latest"
_DONE = frozenset({"prompt", "suffix", "input", "model", "stream", "max_tokens", "n"})


def decode_completion(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a request of /v1/completions. Raises BadRequest."""
    del labels  # nobody resends an assistant's message here
    tree = parse(body).tree
    check_choices(tree)
    suffix = tree.get("suffix")
    if suffix is not None and type(suffix) is not str:
        raise BadRequest("suffix must be a string", param="suffix")
    texts = _texts(COMPLETIONS, tree, "prompt")
    if suffix:
        texts.append(_text(COMPLETIONS, ("suffix",), suffix))
    usage = flag(object_of(tree, "stream_options"), "include_usage")
    return _request(COMPLETIONS, tree, body, texts, stream=flag(tree, "stream"), wants_usage=usage)


def decode_embedding(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a request of /v1/embeddings. Raises BadRequest."""
    del labels
    tree = parse(body).tree
    return _request(EMBEDDINGS, tree, body, _texts(EMBEDDINGS, tree, "input"))


def decode_moderation(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a request of /v1/moderations. Without a model it is the one that OpenAI documents. Raises BadRequest."""
    del labels
    tree = parse(body).tree
    texts = _texts(MODERATIONS, tree, "input", blocks=True)
    return _request(MODERATIONS, {"model": DEFAULT_MODERATION} | tree, body, texts)


def _request(
    protocol: str,
    tree: dict[str, Any],
    body: bytes,
    texts: list[Segment],
    *,
    stream: bool = False,
    wants_usage: bool = True,
) -> DecodedRequest:
    if not stream and flag(tree, "stream"):
        raise BadRequest("this endpoint does not stream", param="stream")
    model = model_of(tree)
    segments = texts + field_segments(protocol, tree, _DONE)
    references, uninspected = opaque_facts(tree, segments, _is_plain)
    return DecodedRequest(
        protocol=protocol,
        family="openai",
        model=model,
        stream=stream,
        segments=tuple(segments),
        body=body,
        references=references,
        uninspected=uninspected,
        wants_usage=wants_usage,
        max_output=tokens_of(tree, "max_tokens"),
        generates=protocol == COMPLETIONS,
    )


def _texts(protocol: str, tree: Mapping[str, Any], field: str, *, blocks: bool = False) -> list[Segment]:
    """The texts of a field; `blocks`: content blocks may stand in it, too. Raises BadRequest."""
    value = tree.get(field)
    if type(value) is str:
        return [_text(protocol, (field,), value)]
    if type(value) is not list or not value:
        raise BadRequest(f"{field} must be a string or an array of strings", param=field)
    if len(value) > MAX_MESSAGES:
        raise BadRequest(f"a call has at most {MAX_MESSAGES} texts", param=field)
    return [_item(protocol, (field, index), item, blocks=blocks) for index, item in enumerate(value)]


def _item(protocol: str, path: Path, item: Any, *, blocks: bool) -> Segment:
    where = f"{path[0]}[{path[1]}]"
    if type(item) is str:
        return _text(protocol, path, item)
    if type(item) is int or type(item) is list:
        raise BadRequest(
            f"{path[0]} is made of token numbers, which cannot be inspected: send the text instead", param=where
        )
    if not blocks or type(item) is not dict or type(item.get("type")) is not str:
        raise BadRequest(f"{where} must be a string", param=where)
    return Segment(path, f"{protocol}.block:".encode() + orjson.dumps(item), "user", item, _block_walker)


def _text(protocol: str, path: Path, text: str) -> Segment:
    tag = path[0] if len(path) == 1 else "text"
    return Segment(path, f"{protocol}.{tag}:".encode() + text.encode(), "user", text, walk_text)


def _block_walker(item: Any, path: Path, role: str) -> Walk:
    return walk_message(item, path, role)


def _is_plain(tree: Mapping[str, Any], segment: Segment) -> bool:
    """Whether a segment can be seen at once to have neither references nor media."""
    head, *rest = segment.path
    if head in {"prompt", "input", "suffix"} and segment.role:
        return not rest or type(tree[str(head)][rest[0]]) is str
    return is_plain(tree, segment)
