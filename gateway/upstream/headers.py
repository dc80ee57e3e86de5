"""Which header fields travel: a short list in each direction. Everything else stays at the gateway.

Credentials of callers, cookies, `baggage` (W3C Baggage would tell the provider of our inside) never travel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from gateway.errors import BadRequest
from gateway.upstream.retry_after import retry_after

FEATURES = re.compile(r"[a-z][a-z0-9-]{0,63}(=[a-z0-9.-]{1,16})?( ?, ?[a-z][a-z0-9-]{0,63}(=[a-z0-9.-]{1,16})?){0,31}")
DAY = re.compile(r"20\d\d-\d\d-\d\d")
TO_PROVIDER: Mapping[str, tuple[tuple[bytes, re.Pattern[str]], ...]] = MappingProxyType(
    {
        "openai": ((b"openai-beta", FEATURES),),
        "anthropic": ((b"anthropic-version", DAY), (b"anthropic-beta", FEATURES)),
        "gemini": (),
    }
)
"""Fields of the caller that travel, and the only form they may have: a field is no place for text."""
LONGEST_DIGITS = re.compile(r"\d{9}|(\d[-.]?){13}")
"""A feature's name carries a date at most (2025-08-07 or 20250807), never an identifier."""
TO_CALLER = frozenset(
    {"content-type", "request-id", "x-request-id", "openai-processing-ms", "openai-version", "retry-after"}
)
UNTOLD = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})
"""Fields of nearly every answer that are the connection's, or ours to say."""
TO_CALLER_PREFIX = ("anthropic-ratelimit-", "x-ratelimit-")


class RequestHeaders:
    """Header fields of calls to providers, with their own credential (see key_pool.py) in place of the caller's."""

    def __init__(self) -> None:
        self._fixed: dict[tuple[str, str], dict[str, str]] = {}

    @staticmethod
    def check(family: str, caller: Mapping[bytes, bytes]) -> None:
        """Refuses a call whose travelling fields are not what they should be. Raises BadRequest."""
        for name, form in TO_PROVIDER[family]:
            if name in caller:
                _feature(name, caller[name].decode("latin-1"), form)

    def of(self, secret: str, family: str, caller: Mapping[bytes, bytes], traceparent: str) -> dict[str, str]:
        """The header fields of one call. Raises BadRequest for a field of another form than its own."""
        fixed = self._fixed.get((secret, family))
        if fixed is None:
            fixed = self._fixed[(secret, family)] = _fixed(secret, family)
        headers = {**fixed, "traceparent": traceparent}
        for name, form in TO_PROVIDER[family]:
            if name in caller:
                headers[name.decode()] = _feature(name, caller[name].decode("latin-1"), form)
        return headers


def _feature(name: bytes, value: str, form: re.Pattern[str]) -> str:
    if not form.fullmatch(value) or LONGEST_DIGITS.search(value):
        raise BadRequest(f"{name.decode()} is not a list of features", param=name.decode())
    return value


def _fixed(secret: str, family: str) -> dict[str, str]:
    headers = {
        "content-type": "application/json",
        "accept": "*/*",
        "accept-encoding": "identity",
        "user-agent": "lexgate",
    }
    own = {"anthropic": "x-api-key", "gemini": "x-goog-api-key"}.get(family)
    if secret and own:
        headers[own] = secret
    elif secret:
        headers["authorization"] = f"Bearer {secret}"
    return headers


def answer_headers(provider: Mapping[str, str], *, shared: bool = False) -> list[tuple[bytes, bytes]]:
    """Header fields of a provider's answer that the caller gets.

    `shared`: several tenants use the provider's keys. What is left of a common allowance would tell each of them how
    much the others ask, so none of them is told.
    """
    kept: list[tuple[bytes, bytes]] = []
    for name, value in provider.items():
        if name in UNTOLD:
            continue
        if name == "content-type":
            kept.append((b"content-type", value.encode("latin-1", "replace")))
            continue
        lowered = name.lower()
        if lowered == "retry-after" and retry_after({lowered: value}, 0.0) is None:
            continue  # neither seconds nor a date: no client could follow it
        if lowered in TO_CALLER or (not shared and lowered.startswith(TO_CALLER_PREFIX)):
            kept.append((lowered.encode("latin-1"), value.encode("latin-1", "replace")))
    return kept
