"""Two megabytes of whatever costs most: for every pattern a text that begins like its values, again and again."""

from __future__ import annotations

import re._constants as constants
import re._parser as parser
from collections.abc import Iterator
from typing import Any

from gateway.inspection.shipped import RECOGNIZERS

SIZE = 2_000_000


def general() -> dict[str, str]:
    """Texts that are bad for anybody who splits, counts brackets or backtracks."""
    return {
        "one token": "a" * SIZE,
        "one number": "1" * SIZE,
        "brackets": "[" * 100_000 + "]" * 100_000,
        "braces and quotes": '{"a":' * 100_000,
        "tags": "<a" * (SIZE // 2),
        "Base64 of Base64": "QUFB" * (SIZE // 4),
        "escapes": "\\u0041" * (SIZE // 6),
        "entities": "&#49;" * (SIZE // 5),
        "percent": "%31" * (SIZE // 3),
        "digits apart": "1 " * (SIZE // 2),
        "ideographs": "张" * (SIZE // 3),
        "line ends": "1\n" * (SIZE // 2),
        "names": "Anna Maria " * (SIZE // 11),
        "mails": "a@b.c" * (SIZE // 5),
        "nearly mails": "a@" * (SIZE // 2),
        "zero width": "4\u200b" * (SIZE // 4),
        "combining": "e\u0301" * (SIZE // 3),
        "spelled": "one two three " * (SIZE // 14),
    }


def against_patterns(size: int) -> Iterator[tuple[str, str]]:
    """(recogniser and shape, text): what makes the anchor hit and the expression go as far as it can, then fail."""
    for recognizer in RECOGNIZERS:
        for number, shape in enumerate(recognizer.shapes):
            for expression in {shape.anchor, shape.expression or shape.anchor}:
                start = example(expression)
                for end in ("", "\x01", start[-1:] * 20):
                    piece = start + end
                    yield f"{recognizer.name} {number}", (piece * (size // max(len(piece), 1) + 1))[:size]


def example(expression: str) -> str:
    """A text that an expression matches: repeated parts as often as they may be, at most a dozen times."""
    return _all(parser.parse(expression.replace("(?i)", ""))) or "a"


def _all(parsed: Any) -> str:
    return "".join(_one(*each) for each in parsed)


def _one(kind: Any, value: Any) -> str:
    if kind is constants.LITERAL:
        return chr(value)
    if kind is constants.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if kind is constants.ANY:
        return "a"
    if kind is constants.IN:
        return _member(value)
    if kind is constants.BRANCH:
        return max((_all(each) for each in value[1]), key=len)
    if kind is constants.SUBPATTERN:
        return _all(value[-1])
    if kind in {constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT}:
        least, most, inner = value
        return _all(inner) * max(int(least), min(int(most), 12))
    if kind is constants.ATOMIC_GROUP:
        return _all(value)
    return ""


def _member(members: Any) -> str:
    if members[0][0] is constants.NEGATE:
        banned = {chr(value) for kind, value in members[1:] if kind is constants.LITERAL}
        return next(character for character in "a1 _-" if character not in banned)
    kind, value = members[-1]
    if kind is constants.RANGE:
        return chr(value[1])
    if kind is constants.CATEGORY:
        return {constants.CATEGORY_DIGIT: "1", constants.CATEGORY_SPACE: " "}.get(value, "a")
    return chr(value)
