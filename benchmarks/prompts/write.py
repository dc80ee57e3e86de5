"""Writes the prompts as `lexgate bench untouched` reads them: `python -m benchmarks.prompts.write OUT.jsonl`.

The lines of `en.txt` and `zh.txt` as they stand, functions of CPython's library with a request to explain them, and
pairs of two prompts in one message, as people put more than one question.
"""

from __future__ import annotations

import calendar
import colorsys
import fractions
import heapq
import inspect
import json
import random
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_CODE: tuple[Callable[..., Any], ...] = (
    heapq.merge, heapq.nsmallest, heapq.nlargest, textwrap.TextWrapper.wrap, textwrap.dedent, textwrap.indent,
    textwrap.shorten, calendar.monthrange, calendar.isleap, calendar.weekday, colorsys.rgb_to_hls, colorsys.hsv_to_rgb,
    colorsys.rgb_to_yiq, fractions.Fraction.limit_denominator, random.Random.shuffle, random.Random.gauss,
    random.Random.triangular, inspect.cleandoc, inspect.indentsize, inspect.getmodulename,
)  # fmt: skip
_ASKED = {"en": "Explain this function line by line:\n\n", "zh": "请逐行解释下面的函数：\n\n"}
_PAIRS = 60

Row = dict[str, str]


def rows() -> Iterator[Row]:
    """All prompts, the same in every run."""
    draw = random.Random(11)
    for lang, asked in _ASKED.items():
        own = list(_lines(lang))
        yield from own
        for function in _CODE:
            yield {"text": asked + inspect.getsource(function), "lang": lang, "kind": "coding"}
        for _ in range(_PAIRS):
            first, second = draw.sample(own, 2)
            yield {"text": f"{first['text']}\n\n{second['text']}", "lang": lang, "kind": "two questions"}


def _lines(lang: str) -> Iterator[Row]:
    kind = ""
    for line in Path(__file__).with_name(f"{lang}.txt").read_text("utf-8").splitlines():
        if line.startswith("# "):
            kind = line[2:]
        elif line:
            yield {"text": line, "lang": lang, "kind": kind}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows()), "utf-8")
