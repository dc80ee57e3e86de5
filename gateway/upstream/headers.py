"""Which header fields travel: a short list in each direction. Everything else stays at the gateway.

Credentials of callers, cookies, `baggage` (W3C Baggage would tell the provider of our inside) never travel.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.secrets import resolve
from gateway.settings import Provider

TO_PROVIDER = {
    "openai": (b"openai-beta",),
    "anthropic": (b"anthropic-version", b"anthropic-beta", b"anthropic-dangerous-direct-browser-access"),
}
TO_CALLER = ("content-type", "request-id", "x-request-id", "openai-processing-ms", "openai-version", "retry-after")
TO_CALLER_PREFIX = ("anthropic-ratelimit-", "x-ratelimit-")


def request_headers(provider: Provider, family: str, caller: Mapping[bytes, bytes], traceparent: str) -> dict[str, str]:
    """Header fields of a call to a provider, with its own credential in place of the caller's."""
    headers = {
        "content-type": "application/json",
        "accept": caller.get(b"accept", b"*/*").decode("latin-1"),
        "accept-encoding": "identity",
        "user-agent": "lexgate",
        "traceparent": traceparent,
    }
    for name in TO_PROVIDER[family]:
        if name in caller:
            headers[name.decode()] = caller[name].decode("latin-1")
    secret = resolve(provider.secret)
    if secret and family == "anthropic":
        headers["x-api-key"] = secret
    elif secret:
        headers["authorization"] = f"Bearer {secret}"
    return headers


def answer_headers(provider: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Header fields of a provider's answer that the caller gets."""
    return [
        (lowered.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in provider.items()
        if (lowered := name.lower()) in TO_CALLER or lowered.startswith(TO_CALLER_PREFIX)
    ]
