"""What is said of errors of a provider that speaks as OpenAI does."""

from __future__ import annotations

from typing import Any

from gateway.errors import UpstreamFailed


def withheld() -> UpstreamFailed:
    """What is said instead of a provider's error that holds what it must not."""
    return UpstreamFailed("the provider failed; its message held guarded content")


def error_type(error: Any) -> str:
    """A provider's own word for what went wrong."""
    kind = error.get("type") or error.get("code") if type(error) is dict else None
    return str(kind)[:64] if kind else "error"
