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


class RequestHeaders:
    """Header fields of calls to providers, with their own credential in place of the caller's.

    Credentials are read once per configuration: a rotated one takes effect with a reload. Raises ConfigurationError when
    there is nothing behind a reference.
    """

    def __init__(self) -> None:
        self._fixed: dict[tuple[str, str], dict[str, str]] = {}

    def of(self, provider: Provider, family: str, caller: Mapping[bytes, bytes], traceparent: str) -> dict[str, str]:
        """The header fields of one call."""
        fixed = self._fixed.get((provider.name, family))
        if fixed is None:
            fixed = self._fixed[(provider.name, family)] = _fixed(provider, family)
        headers = {**fixed, "accept": caller.get(b"accept", b"*/*").decode("latin-1"), "traceparent": traceparent}
        for name in TO_PROVIDER[family]:
            if name in caller:
                headers[name.decode()] = caller[name].decode("latin-1")
        return headers


def _fixed(provider: Provider, family: str) -> dict[str, str]:
    headers = {"content-type": "application/json", "accept-encoding": "identity", "user-agent": "lexgate"}
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
