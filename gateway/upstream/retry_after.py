"""When a provider wants to be asked again: `Retry-After` (RFC 9110 §10.2.3), and what the families' SDKs also read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

FARTHEST = 86_400.0
BUSY = frozenset({429, 503, 529})
"""Answers by which a provider says that it did not work on the call."""


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds from `now` (Unix time), 0 for a date that has passed; None when the provider says nothing readable."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return min(milliseconds / 1000, FARTHEST)
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    if seconds is not None:
        return min(seconds, FARTHEST)
    try:
        date = parsedate_to_datetime(value)
        at = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(0.0, at - now), FARTHEST)


def forbids_retry(headers: Mapping[str, str]) -> bool:
    """Whether the provider says `x-should-retry: false`, as OpenAI's and Anthropic's APIs do."""
    return headers.get("x-should-retry", "").strip().lower() == "false"


def _number(value: str) -> float | None:
    """A plain decimal number, no sign, no exponent; None for anything else."""
    whole, _, fraction = value.strip().partition(".")
    fits = (
        len(value) <= 32
        and whole.isascii()
        and whole.isdigit()
        and (not fraction or (fraction.isascii() and fraction.isdigit()))
    )
    return float(value) if fits else None
