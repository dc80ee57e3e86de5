"""What no channel reads of a Gemini answer: searched by the guard's last look, under whatever name it stands."""

from __future__ import annotations

from typing import Any

from gateway.protocols.gemini_walk import is_signature
from gateway.protocols.media import is_encoded

READ = {"executableCode": "code", "codeExecutionResult": "output", "functionCall": "args"}
"""Parts whose one field is read by channels."""


def outside(chunk: dict[str, Any]) -> list[Any]:
    """What no channel reads of an event or answer. Sealed bytes and media are no text: they are not searched."""
    values: list[Any] = [*chunk, *(value for key, value in chunk.items() if key != "candidates")]
    candidates = chunk.get("candidates")
    for candidate in candidates if type(candidates) is list else [candidates]:
        if type(candidate) is not dict:
            values.append(candidate)
            continue
        values += [*candidate, *(value for key, value in candidate.items() if key != "content")]
        content = candidate.get("content")
        if type(content) is not dict:
            values.append(content)
            continue
        values += [*content, *(value for key, value in content.items() if key != "parts")]
        parts = content.get("parts")
        for part in parts if type(parts) is list else [parts]:
            values += _of_part(part) if type(part) is dict else [part]
    return values


def _of_part(part: dict[str, Any]) -> list[Any]:
    values: list[Any] = []
    for key, value in part.items():
        if key == "thoughtSignature" and is_signature(value):
            continue
        if key == "inlineData" and type(value) is dict:
            data = value.get("data")
            encoded = type(data) is str and is_encoded(data)
            values += [*value, *(item for name, item in value.items() if name != "data" or not encoded)]
        elif key in READ and type(value) is dict:
            values += [item for name, item in value.items() if name != READ[key]]
            values += [name for name in value if name != READ[key]]
        elif key != "text":
            values += [key, value]
    return values
