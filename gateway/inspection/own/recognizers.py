"""Custom recognisers in Presidio's schema (`recognizers.yaml`): patterns, deny lists, context words.

What Presidio's `re` would run, Hyperscan runs here in linear time; so look-around and back-references are refused, with
the recogniser's name. A score below 0.35 is no finding; context words nearby raise it by 0.35, as Presidio does.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.errors import ConfigurationError
from gateway.flow import Span
from gateway.inspection.own.spans_matcher import SpansMatcher, TooManyMatches
from gateway.inspection.own.yaml_file import read_as

AROUND = 40
RAISED = 0.35
LEAST = 0.35
MOST = 500
_MS_PER_KB = 2.0
_PROBE = 32_768
_MOST_DENSE = 0.6
"""Matches a character of a probe: more come only from a pattern that single characters satisfy."""

Score = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1, max_length=1024)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pattern(_Model):
    name: Text
    regex: Text
    score: Score


class Language(_Model):
    language: str
    context: tuple[Text, ...] = ()


class Custom(_Model):
    """One recogniser. Languages are accepted and not needed: every text is looked at for all of them."""

    name: Text
    supported_entity: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,63}$")]
    supported_language: str = ""
    supported_languages: tuple[Language | str, ...] = ()
    patterns: Annotated[tuple[Pattern, ...], Field(max_length=MOST)] = ()
    deny_list: Annotated[tuple[Text, ...], Field(max_length=10_000)] = ()
    deny_list_score: Score = 1.0
    context: tuple[Text, ...] = ()
    type: Literal["custom"] = "custom"
    enabled: bool = True


class File(_Model):
    recognizers: Annotated[tuple[Custom, ...], Field(max_length=MOST)]
    supported_languages: tuple[str, ...] = ()
    global_regex_flags: int | None = None


def read(path: Path) -> tuple[Custom, ...]:
    """The recognisers of a file. Raises ConfigurationError naming what is wrong; nothing is compiled yet."""
    return tuple(each for each in read_as(File, path).recognizers if each.enabled)


class CustomScanner:
    """All custom recognisers in one pass. Belongs to one thread. Raises ConfigurationError for one that cannot be used."""

    def __init__(self, recognizers: tuple[Custom, ...]) -> None:
        self._rows: list[tuple[Custom, float]] = []
        expressions: list[str] = []
        for each in recognizers:
            for pattern in each.patterns:
                expressions.append(pattern.regex)
                self._rows.append((each, pattern.score))
            for word in each.deny_list:
                expressions.append(_word(word))
                self._rows.append((each, each.deny_list_score))
        self._context = {each.name: _context(each) for each in recognizers}
        try:
            self._matcher = SpansMatcher(expressions) if expressions else None
        except ValueError as problem:
            raise ConfigurationError(self._culprit(expressions, problem)) from problem

    def _culprit(self, expressions: list[str], problem: ValueError) -> str:
        for expression, (recognizer, _) in zip(expressions, self._rows, strict=True):
            try:
                SpansMatcher([expression])
            except ValueError as reason:
                return f"recogniser {recognizer.name}: a pattern cannot be matched in linear time: {reason}"
        return f"the recognisers together are too large: {problem}"

    def count(self, text: str) -> int:
        """How many matches there are before scores and context are looked at. Raises TooManyMatches."""
        return len(self._matcher.find(text)) if self._matcher is not None else 0

    def find(self, text: str) -> list[Span]:
        """Raises TooManyMatches, which refuses the text."""
        if self._matcher is None:
            return []
        found = []
        for number, start, end in self._matcher.find(text):
            recognizer, score = self._rows[number]
            context = self._context[recognizer.name]
            if context is not None and context.search(text[max(0, start - AROUND) : end + AROUND]):
                score = min(1.0, score + RAISED)
            if score >= LEAST:
                found.append(Span(start, end, recognizer.supported_entity, score, recognizer.name))
        return found


def check(recognizers: tuple[Custom, ...]) -> None:
    """Compiles each and tries it on texts that are bad for it. Raises ConfigurationError for one that costs too much."""
    CustomScanner(recognizers)
    for recognizer in recognizers:
        scanner = CustomScanner((recognizer,))
        for probe in _probes(recognizer):
            try:
                everywhere = scanner.count(probe) > len(probe) * _MOST_DENSE
            except TooManyMatches:
                everywhere = True
            if everywhere:
                raise ConfigurationError(f"recogniser {recognizer.name}: it matches nearly everywhere")
            begun = time.process_time()
            scanner.find(probe)
            spent = (time.process_time() - begun) * 1000 / (len(probe.encode()) / 1024)
            if spent > _MS_PER_KB:
                raise ConfigurationError(f"recogniser {recognizer.name}: {spent:.1f} ms for a kilobyte of hostile text")


def _probes(recognizer: Custom) -> list[str]:
    """Texts of repeated signs: of each kind, and of what stands in the recogniser's own patterns."""
    own = "".join(re.sub(r"\\[a-zA-Z]|[^\w@.:/ -]", "", pattern.regex) for pattern in recognizer.patterns)[:64]
    signs = [
        "a",
        "1",
        "a1",
        "1 ",
        "a@a.",
        "aA1-_/",
        "(",
        "漢字",
        own or "x",
        *[own[at] for at in range(min(4, len(own)))],
    ]
    return [(sign * (_PROBE // len(sign)))[:_PROBE] for sign in signs]


def _word(word: str) -> str:
    escaped = re.escape(word).replace(r"\ ", r"\s{1,3}")
    before = r"\b" if word[0].isascii() and word[0].isalnum() else ""
    behind = r"\b" if word[-1].isascii() and word[-1].isalnum() else ""
    return f"{before}{escaped}{behind}"


def _context(recognizer: Custom) -> re.Pattern[str] | None:
    words = [*recognizer.context]
    for language in recognizer.supported_languages:
        words += language.context if isinstance(language, Language) else ()
    return re.compile("|".join(map(re.escape, words)), re.IGNORECASE) if words else None
