"""A whole chat completion as most are: one message of text, and nothing beside it that has to be looked at.

`plain_report` says of such an answer what `gateway.redaction.stream.AnswerStream` says of it, in one look and without the
parts that a stream needs. It passes as it came: nothing guarded begins in it, and it restores nothing. Of every other
answer it says nothing, and that one goes the whole way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from gateway.flow import Usage
from gateway.protocols.answer import AnswerReport, word
from gateway.protocols.answer_json import DEEPEST
from gateway.protocols.last_look import SHORTEST
from gateway.protocols.openai_usage import usage_of
from gateway.protocols.openai_vocabulary import STAMP
from gateway.protocols.plain_message import plain_message
from gateway.protocols.plain_run import Automaton
from gateway.protocols.scanning import DUPLICATE, ESCAPED_KEY, TOO_DEEP, check
from gateway.redaction.channel import Rules
from gateway.redaction.placeholder import OPEN

Message = tuple[str, str | None, str | None, str | None, tuple[int, int, int, int, int] | None, bool]
"""Text, end, id, model, the numbers of its usage in the order of `gateway.flow.Usage`, and `AnswerReport.fit`."""

whole_message: Callable[[Automaton | None, bytes, bool, bool], Message | None] | None
try:
    from gateway.protocols._events import whole_message
except ImportError:  # no compiler was there when this was installed
    whole_message = None

LARGEST = 16_384
"""Bytes of an answer that is looked at here; a larger one is worked on beside the event loop."""
PROTOCOL = "openai_chat"


def plain_report(body: bytes, rules: Rules, *, json_mode: bool) -> AnswerReport | None:
    """What is learned of a whole answer in the protocol PROTOCOL that goes on byte for byte; None for any other one."""
    automaton: Automaton | None = getattr(rules.guard, "automaton", None)
    if len(body) > LARGEST or rules.names is not None or (automaton is None and rules.guard is not None):
        return None
    restores = bool(rules.placeholders)
    found = None if whole_message is None else whole_message(automaton, body, restores, json_mode)
    if found is None:
        found = whole_message_python(automaton, body, restores, json_mode)
    if found is None:
        return None
    text, finish, response_id, response_model, usage, fit = found
    return AnswerReport(
        usage=None if usage is None else Usage(*usage),
        finish=finish,
        response_id=response_id,
        response_model=response_model,
        complete=True,
        provider_text=text,
        delivered_text=text,
        said=(("text", text),),
        fit=fit,
    )


def whole_message_python(automaton: Automaton | None, body: bytes, restores: bool, json_mode: bool) -> Message | None:
    """Text, end, id, model and usage of a plain whole answer; None for any other one. The oracle of `native/answer.h`.

    It takes some that the extension leaves: with escapes in names, long names, counts that are none.
    """
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if type(answer) is not dict or answer.get("error") is not None or check(body, DEEPEST, len(body)) & _TWO_WAYS:
        return None
    message = plain_message(answer)
    if message is None:
        return None
    text: str = message["content"]
    if (restores and OPEN in text) or (json_mode and "\\" in text):
        return None
    if automaton is not None and not _clear(automaton, answer, text):
        return None
    said: Any = answer.get("usage")
    usage = usage_of(said) if type(said) is dict else None
    return (
        text,
        answer["choices"][0].get("finish_reason"),
        word(answer.get("id")),
        word(answer.get("model")),
        None if usage is None else (usage.input, usage.cached_input, usage.cache_write, usage.output, usage.reasoning),
        False,
    )


_TWO_WAYS = DUPLICATE | TOO_DEEP | ESCAPED_KEY


def _clear(automaton: Automaton, answer: dict[str, Any], text: str) -> bool:
    """Whether it is certain that no guarded match begins in the text, or in what stands beside the message."""
    for name in STAMP:
        value: Any = answer.get(name)
        if type(value) is str:
            if len(value) >= SHORTEST and automaton.possible(value.encode(), -1):
                return False
        elif type(value) is dict or type(value) is list:
            return False
    return not automaton.possible(text.encode(), -1)
