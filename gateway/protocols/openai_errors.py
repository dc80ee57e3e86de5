"""What is said of errors of a provider that speaks as OpenAI does."""

from __future__ import annotations

from typing import Any

from gateway.errors import UpstreamFailed


def withheld() -> UpstreamFailed:
    """What is said instead of a provider's error that holds what it must not."""
    return UpstreamFailed("the provider failed; its message held guarded content")


def failure(answer: dict[str, Any]) -> str | None:
    """The provider's own word for what went wrong, where an answer or an event says that something did.

    MiniMax says it in `base_resp`, under the status 200: `{"status_code": 1002, "status_msg": "…"}`; zero is success.
    """
    if answer.get("error") is not None:
        return error_type(answer["error"])
    base = answer.get("base_resp")
    code = base.get("status_code") if type(base) is dict else None
    return str(code)[:64] if type(code) is int and code and not answer.get("choices") else None


def error_type(error: Any) -> str:
    """A provider's own word for what went wrong."""
    kind = error.get("type") or error.get("code") if type(error) is dict else None
    return str(kind)[:64] if kind else "error"
