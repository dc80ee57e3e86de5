"""A decision's cap on output tokens, spliced into the request. A declared change: nothing else of the body moves."""

from __future__ import annotations

from gateway.protocols.gemini import GENERATE
from gateway.protocols.json_offsets import locate
from gateway.protocols.request import DecodedRequest
from gateway.redaction.splice import splice

_FIELDS = {
    "openai_chat": ("max_completion_tokens", "max_tokens"),
    "openai_completions": ("max_tokens",),
    "openai_responses": ("max_output_tokens",),
    "anthropic_messages": ("max_tokens",),
}
"""Where each protocol says it, the current name first: that one is inserted where none is given."""


def capped(request: DecodedRequest, body: bytes, cap: int) -> bytes:
    """`body` with at most `cap` output tokens; the identical object if the caller asked for no more than that."""
    if request.protocol == GENERATE:
        return _in_config(body, cap)
    fields = _FIELDS.get(request.protocol, ())
    if not fields:
        return body
    places = locate(body, [(field,) for field in fields])
    numbers = {place: int(body[slice(*place)]) for place in places.values() if body[slice(*place)] != b"null"}
    if numbers:
        return splice(body, [(*place, b"%d" % cap) for place, number in numbers.items() if number > cap])
    if places:
        return splice(body, [(*next(iter(places.values())), b"%d" % cap)])
    start = body.index(b"{") + 1
    return splice(body, [(start, start, b'"%s":%d,' % (fields[0].encode(), cap))])


_CONFIGS = ("generationConfig", "generation_config")
_LIMITS = ("maxOutputTokens", "max_output_tokens")


def _in_config(body: bytes, cap: int) -> bytes:
    """Gemini's limit, in either writing of its two names."""
    places = locate(body, [(name,) for name in _CONFIGS] + [(name, limit) for name in _CONFIGS for limit in _LIMITS])
    inserted = b'"%s":%d' % (_LIMITS[0].encode(), cap)
    limit = next((place for path, place in places.items() if len(path) == 2), None)
    if limit is not None:
        given = body[slice(*limit)]
        return body if given != b"null" and int(given) <= cap else splice(body, [(*limit, b"%d" % cap)])
    if not places:
        start = body.index(b"{") + 1
        return splice(body, [(start, start, b'"%s":{%s},' % (_CONFIGS[0].encode(), inserted))])
    start, end = next(iter(places.values()))
    if body[start:end] == b"null":
        return splice(body, [(start, end, b"{%s}" % inserted)])
    comma = b"," if body[start + 1 : end - 1].strip() else b""
    return splice(body, [(start + 1, start + 1, inserted + comma)])
