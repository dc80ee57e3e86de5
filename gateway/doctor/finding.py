"""What the doctor says of one thing it looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from gateway.settings import Settings


class Level(StrEnum):
    """How it stands. A warning does not hinder operation; a problem does, or will."""

    GOOD = "good"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "unknown"  # could not be tried


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence on how a thing stands, and one on how to mend it. Never a secret, never content."""

    check: str
    level: Level
    words: str
    remedy: str = ""


Check = Callable[[Settings], Iterator[Finding]]


def good(check: str, words: str) -> Finding:
    return Finding(check, Level.GOOD, words)


def warning(check: str, words: str, remedy: str) -> Finding:
    return Finding(check, Level.WARNING, words, remedy)


def problem(check: str, words: str, remedy: str) -> Finding:
    return Finding(check, Level.PROBLEM, words, remedy)
