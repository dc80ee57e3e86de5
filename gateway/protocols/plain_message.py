"""Whole chat completions as most are: one message of text, and names and numbers of the answer itself."""

from __future__ import annotations

from typing import Any

from gateway.protocols.openai_usage import are_counts
from gateway.protocols.openai_vocabulary import ANSWER, CHOICE

_MESSAGE = frozenset({"role", "content", "refusal", "annotations"})
_ENDS = frozenset({"stop", "length", None})


def plain_message(answer: dict[str, Any]) -> dict[str, Any] | None:
    """The message of an answer that has nothing else to look at but names of itself, as most have; else None."""
    choices, usage = answer.get("choices"), answer.get("usage")
    if type(choices) is not list or len(choices) != 1 or not answer.keys() <= ANSWER:
        return None
    choice = choices[0]
    if type(choice) is not dict or not choice.keys() <= CHOICE or choice.get("index") != 0:
        return None
    message, finish = choice.get("message"), choice.get("finish_reason")
    if type(message) is not dict or not message.keys() <= _MESSAGE or type(message.get("content")) is not str:
        return None
    if (
        (finish is not None and (type(finish) is not str or finish not in _ENDS))
        or choice.get("logprobs") is not None
        or message.get("refusal") is not None
    ):
        return None
    if message.get("role") != "assistant" or message.get("annotations"):
        return None
    if usage is not None and not (type(usage) is dict and are_counts(usage)):
        return None
    return message
