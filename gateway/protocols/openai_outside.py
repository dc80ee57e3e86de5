"""What no channel reads of an answer in OpenAI's form: searched by the guard's last look, under whatever name it stands."""

from __future__ import annotations

from typing import Any

from gateway.protocols.openai_vocabulary import AUDIO_NAMES, CALL_NAMES, NAMES, NO_TEXT, STEPS, VISIBLE


def outside(chunk: dict[str, Any], stamp: dict[str, Any], body: str) -> list[Any]:
    """What no channel reads: of the chunk or answer, of its choices, and of their `body` (delta | message)."""
    values: list[Any] = [v for k, v in chunk.items() if v is not None and k != "choices" and stamp.get(k) != v]
    values += _strange(chunk, NAMES)
    choices = chunk.get("choices")
    if type(choices) is not list:
        return [*values, choices]
    for choice in choices:
        if type(choice) is not dict:
            values.append(choice)
            continue
        values += _strange(choice, NAMES)
        for key, value in choice.items():
            if key != body or type(value) is not dict:
                values.append(value)
                continue
            for name, part in value.items():
                if type(part) is not str:
                    values += _of_part(name, part)
                elif name in NO_TEXT:
                    values.append(part)
                elif name not in VISIBLE:
                    values.append(name)
    return values


def _strange(part: dict[str, Any], known: frozenset[str]) -> list[Any]:
    """Names of members that are not those of the protocol: a name can say anything, too."""
    return [] if part.keys() <= known else [name for name in part if name not in known]


def _of_part(name: str, part: Any) -> list[Any]:
    """What no channel reads of a tool call, a function call or audio."""
    if name == "tool_calls" and type(part) is list:
        return [value for call in part for value in _of_call(call)]
    if name == STEPS and type(part) is list:
        steps = [step if type(step) is dict else {"": step} for step in part]
        said = [value for step in steps for key, value in step.items() if key != "text" or type(value) is not str]
        return [*said, *(name for step in steps for name in step)]
    text = {"function_call": "arguments", "audio": "transcript"}.get(name)
    if text is not None and type(part) is dict:
        values = [value for key, value in part.items() if key != text or type(value) is not str]
        return values + _strange(part, CALL_NAMES if text == "arguments" else AUDIO_NAMES)
    return [name, part]


def _of_call(call: Any) -> list[Any]:
    if type(call) is not dict:
        return [call]
    values: list[Any] = [*_strange(call, CALL_NAMES)]
    for key, value in call.items():
        text = {"function": "arguments", "custom": "input"}.get(key)
        if text is not None and type(value) is dict:
            values += [v for k, v in value.items() if k != text or type(v) is not str]
            values += _strange(value, CALL_NAMES)
        else:
            values.append(value)
    return values
