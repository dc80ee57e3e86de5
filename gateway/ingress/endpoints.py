"""The endpoints of the data plane that carry content, each with the protocol that reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import parse_qsl

from gateway.errors import BadRequest
from gateway.protocols.gemini import METHODS

FAMILIES = ("openai", "anthropic", "gemini")
FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the data plane: its API family, and the name of its protocol in records."""

    path: str  # as it goes to the provider
    family: str
    protocol: str
    model: str = ""  # where the path names it
    stream: bool = False  # where the path says it
    framing: str = "sse"  # of its stream: sse | array
    route: str = ""  # the path without what varies, for spans
    media_type: str = "application/json"  # of its request bodies
    json_too: bool = False  # where that is a form: JSON is read as well
    method: str = "POST"
    job: str = ""  # id of the job that the path names


ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType(
    {
        endpoint.path: endpoint
        for endpoint in (
            Endpoint("/v1/chat/completions", "openai", "openai_chat"),
            Endpoint("/v1/responses", "openai", "openai_responses"),
            Endpoint("/v1/responses/compact", "openai", "openai_responses_compact"),
            Endpoint("/v1/responses/input_tokens", "openai", "openai_input_tokens"),
            Endpoint("/v1/completions", "openai", "openai_completions"),
            Endpoint("/v1/embeddings", "openai", "openai_embeddings"),
            Endpoint("/v1/moderations", "openai", "openai_moderations"),
            Endpoint("/v1/audio/transcriptions", "openai", "openai_transcriptions", media_type=FORM),
            Endpoint("/v1/audio/translations", "openai", "openai_translations", media_type=FORM),
            Endpoint("/v1/audio/speech", "openai", "openai_speech"),
            Endpoint("/v1/images/generations", "openai", "openai_image_generations"),
            Endpoint("/v1/images/edits", "openai", "openai_image_edits", media_type=FORM, json_too=True),
            Endpoint("/v1/images/variations", "openai", "openai_image_variations", media_type=FORM),
            Endpoint("/v1/videos", "openai", "openai_videos", media_type=FORM),
            Endpoint("/v1/messages", "anthropic", "anthropic_messages"),
            Endpoint("/v1/messages/count_tokens", "anthropic", "anthropic_count_tokens"),
        )
    }
)


_GEMINI = re.compile(
    r"/(v1|v1beta|v1alpha)/models/([A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)*):([A-Za-z]{1,32})", re.ASCII
)
"""Google's paths name model and method. No segment is a dot, so that no model's name leads elsewhere."""
CREDENTIALS = frozenset({"key", "access_token", "oauth_token", "upload_token"})
"""Query parameters in which Google takes a credential."""


_VIDEO = re.compile(r"/v1/videos/([A-Za-z0-9][A-Za-z0-9_-]{0,127})(/content)?", re.ASCII)
_VARIANTS = frozenset({"video", "thumbnail", "spritesheet"})


def _video_endpoint(path: str, query: bytes, method: str) -> Endpoint | None:
    """What is asked about a job: its state, its content, its end."""
    match = _VIDEO.fullmatch(path)
    if match is None or method not in {"GET", "DELETE"} or (match[2] and method != "GET"):
        return None
    route = "/v1/videos/{id}" + (match[2] or "")
    if not match[2]:
        protocol = "openai_video_status" if method == "GET" else "openai_video_deletion"
        return Endpoint(path, "openai", protocol, route=route, media_type="", method=method, job=match[1])
    variant = dict(parse_qsl(query.decode("latin-1"), max_num_fields=8)).get("variant", "video")
    if variant not in _VARIANTS:
        return None
    protocol, more = (
        ("openai_video_content", "") if variant == "video" else ("openai_video_picture", f"?variant={variant}")
    )
    return Endpoint(path + more, "openai", protocol, route=route, media_type="", method=method, job=match[1])


def endpoint_of(path: str, query: bytes, method: str = "POST") -> Endpoint | None:
    """The endpoint behind a path; None where there is none."""
    known = ENDPOINTS.get(path)
    if known is not None:
        return known
    if path.startswith("/v1/videos/"):
        return _video_endpoint(path, query, method)
    match = _GEMINI.fullmatch(path)
    if match is None or match[3] not in METHODS:
        return None
    options = dict(parse_qsl(query.decode("latin-1"), max_num_fields=64)) if query else {}
    version, model, method = match.groups()
    stream = method == "streamGenerateContent"
    framing = "array" if stream and options.get("alt", options.get("$alt", "json")) != "sse" else "sse"
    target = f"/{version}/models/{model}:{method}" + ("?alt=sse" if stream and framing == "sse" else "")
    return Endpoint(target, "gemini", METHODS[method], model, stream, framing, f"/{version}/models/{{model}}:{method}")


_PLAIN_TARGET = re.compile(rb"(/v1(?:beta|alpha)?/models/[A-Za-z0-9_./:-]+)(?:\?([A-Za-z0-9_$=&-]*))?")
"""Of Google's: nothing in it is escaped."""


def hot_endpoint(target: bytes) -> Endpoint | None:
    """The endpoint that a request line asks for, where that is plain to see; None: somebody has to look closer."""
    if target.find(b"/models/", 3, 16) < 0:
        return _HOT.get(target)
    match = _PLAIN_TARGET.fullmatch(target)
    if match is None:
        return None
    query = match[2] or b""
    try:
        refuse_credential(query)
    except BadRequest:
        return None
    endpoint = endpoint_of(match[1].decode(), query)
    return endpoint if endpoint is not None and endpoint.family == "gemini" else None


_HOT = MappingProxyType({path.encode(): endpoint for path, endpoint in ENDPOINTS.items()})


def refuse_credential(query: bytes) -> None:
    """Raises BadRequest where the query holds a credential: it would stand in the logs of whatever it passes."""
    if query and not CREDENTIALS.isdisjoint(name for name, _ in parse_qsl(query.decode("latin-1"), True)):
        raise BadRequest("present the key in the header field x-goog-api-key; one in the address is never accepted")


def family_of(path: str, headers: Mapping[bytes, bytes]) -> str:
    """The family in whose form an error on this path is said: Anthropic's or Google's own paths and header, else OpenAI's."""
    if path.startswith(("/v1beta/", "/v1alpha/", "/upload/")) or b"x-goog-api-key" in headers or _GEMINI.match(path):
        return "gemini"
    if path.startswith("/v1/messages") or b"anthropic-version" in headers:
        return "anthropic"
    return "openai"
