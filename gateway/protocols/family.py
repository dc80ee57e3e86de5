"""How each API family says an error: as a whole answer and inside a stream, in the shape its SDKs expect."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import orjson

from gateway.errors import Denied, LexgateError

_TYPES: Mapping[int, str] = MappingProxyType(
    {
        400: "invalid_request_error",
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        405: "invalid_request_error",
        408: "timeout_error",
        413: "request_too_large",
        415: "invalid_request_error",
        429: "rate_limit_error",
        431: "invalid_request_error",
        502: "api_error",
        503: "overloaded_error",
        504: "timeout_error",
    }
)


class Family(Protocol):
    """One API family's way to say errors. `flow` is the flow's id, "" where there is none yet.

    `count`: how many events the stream had before, for protocols that number them.
    """

    name: str

    def error_body(self, error: LexgateError, flow: str) -> bytes: ...

    def error_event(self, error: LexgateError, flow: str, count: int = 0) -> bytes: ...


def _type(error: LexgateError) -> str:
    return _TYPES.get(error.status, "invalid_request_error" if error.status < 500 else "api_error")


def _details(error: LexgateError, flow: str) -> dict[str, Any]:
    """What a caller needs to find the record and to make the call acceptable."""
    details = {"flow": flow}
    if isinstance(error, Denied):
        details |= {"rule": error.rule, "citation": error.citation, "remedy": error.remedy}
    return details


class OpenAIFamily:
    """`{"error": {"message", "type", "param", "code", "lexgate"}}`."""

    name = "openai"

    def error_body(self, error: LexgateError, flow: str) -> bytes:
        return orjson.dumps(
            {
                "error": {
                    "message": error.message,
                    "type": _type(error),
                    "param": error.param,
                    "code": error.code,
                    "lexgate": _details(error, flow),
                }
            }
        )

    def error_event(self, error: LexgateError, flow: str, count: int = 0) -> bytes:
        return b"data: " + self.error_body(error, flow) + b"\n\n"


class ResponsesForm(OpenAIFamily):
    """OpenAI's family, in a stream of the Responses API: `{"type": "error", "code", "message", "param", …}`.

    `error` stands in it as well: it is what the SDKs raise at.
    """

    def error_event(self, error: LexgateError, flow: str, count: int = 0) -> bytes:
        said = {"type": "error", "code": error.code, "message": error.message, "param": error.param}
        whole = orjson.loads(self.error_body(error, flow))
        return b"event: error\ndata: " + orjson.dumps({**said, "sequence_number": count, **whole}) + b"\n\n"


class AnthropicFamily:
    """`{"type": "error", "error": {"type", "message", "code", "param", "lexgate"}, "request_id"}`."""

    name = "anthropic"

    def error_body(self, error: LexgateError, flow: str) -> bytes:
        return orjson.dumps(
            {
                "type": "error",
                "error": {
                    "type": _type(error),
                    "message": error.message,
                    "code": error.code,
                    "param": error.param,
                    "lexgate": _details(error, flow),
                },
                "request_id": flow or None,
            }
        )

    def error_event(self, error: LexgateError, flow: str, count: int = 0) -> bytes:
        return b"event: error\ndata: " + self.error_body(error, flow) + b"\n\n"


_STATUSES: Mapping[int, str] = MappingProxyType(
    {
        401: "UNAUTHENTICATED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        408: "DEADLINE_EXCEEDED",
        429: "RESOURCE_EXHAUSTED",
        500: "INTERNAL",
        502: "UNAVAILABLE",
        503: "UNAVAILABLE",
        504: "DEADLINE_EXCEEDED",
    }
)
_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


class GeminiFamily:
    """Google's `{"error": {"code": 403, "message", "status", "details"}}`; our code is the reason of its ErrorInfo."""

    name = "gemini"

    def error_body(self, error: LexgateError, flow: str) -> bytes:
        metadata = _details(error, flow) | ({"param": error.param} if error.param else {})
        info = {"@type": _ERROR_INFO, "reason": error.code, "domain": "lexgate", "metadata": metadata}
        status = _STATUSES.get(error.status, "INVALID_ARGUMENT")
        said = {"code": error.status, "message": error.message, "status": status, "details": [info]}
        return orjson.dumps({"error": said})

    def error_event(self, error: LexgateError, flow: str, count: int = 0) -> bytes:
        return b"data: " + self.error_body(error, flow) + b"\n\n"


class GeminiArray(GeminiFamily):
    """The same in a stream that is one JSON array: an error is its last element."""

    def error_event(self, error: LexgateError, flow: str, count: int = 0) -> bytes:
        return b",\r\n" + self.error_body(error, flow) + b"]"


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "openai": OpenAIFamily(),
        "openai_responses": ResponsesForm(),
        "anthropic": AnthropicFamily(),
        "gemini": GeminiFamily(),
        "gemini_array": GeminiArray(),
    }
)
"""By name; a protocol whose errors have a form of their own stands here under its own name, an array under its family's."""


def form_of(family: str, protocol: str, framing: str = "sse") -> Family:
    """How errors of a protocol are said; in a stream that is one JSON array, `framing` array."""
    if framing != "sse":
        return FAMILIES[f"{family}_{framing}"]
    return FAMILIES.get(protocol) or FAMILIES[family]
