"""What OpenAI's answers say of the tokens they took."""

from __future__ import annotations

from typing import Any

import orjson

from gateway.flow import Usage
from gateway.protocols.answer import number
from gateway.protocols.answer_json import loads
from gateway.protocols.sse import Event

_NULL_USAGE = (b',"usage":null', b', "usage": null')
_TOTALS = frozenset({"prompt_tokens", "completion_tokens", "total_tokens"})
_PLAIN_USAGE = len(_TOTALS)
_USAGE = _TOTALS | {"prompt_tokens_details", "completion_tokens_details"}
_USAGE_DETAILS = frozenset(
    {
        *("cached_tokens", "audio_tokens", "text_tokens", "image_tokens", "reasoning_tokens"),
        *("accepted_prediction_tokens", "rejected_prediction_tokens"),
    }
)
_NUMBERS = frozenset({int, float, type(None)})


def usage_of(usage: dict[str, Any]) -> Usage | None:
    """Prompt tokens include cached and written ones, completion tokens include reasoning, as in `Usage`.

    Cached tokens stand in the details; DeepSeek's `prompt_cache_hit_tokens` and Kimi's own `cached_tokens` beside them
    say the same. None for a usage that parts no input from output: a total alone is no report.
    """
    get = usage.get
    if "prompt_tokens" not in usage and "completion_tokens" not in usage:
        return None
    sent, written = number(get("prompt_tokens")), number(get("completion_tokens"))
    if len(usage) <= _PLAIN_USAGE and usage.keys() <= _TOTALS:
        return Usage(sent, 0, 0, written)
    prompt, completion = _details(usage, "prompt_tokens_details"), _details(usage, "completion_tokens_details")
    cached = (prompt.get("cached_tokens"), get("prompt_cache_hit_tokens"), get("cached_tokens"))
    return Usage(
        input=sent,
        cached_input=max(map(number, cached)),
        cache_write=number(prompt.get("cache_creation_input_tokens")),
        output=written,
        reasoning=number(completion.get("reasoning_tokens")),
    )


def _details(usage: dict[str, Any], key: str) -> dict[str, Any]:
    details = usage.get(key)
    return details if type(details) is dict else {}


def are_counts(usage: dict[str, Any]) -> bool:
    """Whether it holds numbers alone, under names that are known, one level deep at most."""
    if not usage.keys() <= _USAGE:
        return False
    for value in usage.values():
        if type(value) is dict:
            if not value.keys() <= _USAGE_DETAILS or not _NUMBERS.issuperset(map(type, value.values())):
                return False
        elif type(value) not in _NUMBERS:
            return False
    return True


def without_usage(event: Event, chunk: dict[str, Any]) -> bytes:
    """The event without its own `"usage":null`; one further inside belongs to somebody else."""
    del chunk["usage"]
    data = event.data or b""
    for null in _NULL_USAGE:
        at = data.rfind(null)
        if at >= 0:
            shorter = data[:at] + data[at + len(null) :]
            if data in event.raw and loads(shorter) == chunk:
                return event.raw.replace(data, shorter, 1)
    return event.with_data(orjson.dumps(chunk))
