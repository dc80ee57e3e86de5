"""What a provider says about its own answer, made fit for a record: it is foreign text, and may be anything.

Names and words are kept only if they look like names and words; counts only if they are counts that JSON can carry.
"""

from __future__ import annotations

import re
from typing import Any

from gateway.flow import Usage
from gateway.protocols.answer import AnswerReport
from gateway.protocols.vocabulary import MODEL

WORD = re.compile(r"[a-z][a-z_]{0,31}")
ODD = "other"
USUAL = frozenset({None, "stop", "length", "tool_calls", "end_turn", "tool_use", "max_tokens", "completed"})
"""Ends that fit, as most answers have them."""
LARGEST = 2**53 - 1


def fit(report: AnswerReport) -> None:
    """Replaces in place what is not fit: an odd name becomes "other", an odd count 0."""
    if report.fit:
        return
    if report.finish not in USUAL:
        report.finish = _name(report.finish, WORD)
    report.response_model = _name(report.response_model, MODEL)
    report.response_id = _name(report.response_id, MODEL)
    usage = report.usage
    if usage is not None and not _is_fit(usage):
        report.usage = Usage(
            _count(usage.input), _count(usage.cached_input), _count(usage.cache_write), _count(usage.output),
            _count(usage.reasoning),
        )  # fmt: skip


def _is_fit(usage: Usage) -> bool:
    counts = (usage.input, usage.cached_input, usage.cache_write, usage.output, usage.reasoning)
    return {*map(type, counts)} == {int} and min(counts) >= 0 and max(counts) <= LARGEST


def _name(value: Any, form: re.Pattern[str]) -> str | None:
    if value is None:
        return None
    return value if isinstance(value, str) and form.fullmatch(value) else ODD


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value <= LARGEST else 0
