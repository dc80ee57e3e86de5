"""Classes of content and how a text is recognised as one: weighted terms within a window, beside a term that tells a
document from a topic. One Hyperscan pass for the terms of all classes; time is linear in the text.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from gateway.flow import CLASS, Span
from gateway.inspection.content.source_code import is_source_code
from gateway.inspection.steps import Steps, finished

if TYPE_CHECKING:
    from gateway.inspection import matcher

FILE = Path(__file__).with_name("classes.yaml")
HINTS = Path(__file__).with_name("hints.yaml")
"""Written alike: kinds of texts, which are no categories of content. See `gateway.inspection.figures`."""
BLOCK = 65_536
"""Characters that are looked at in one step."""
WINDOW = 6_000
"""Characters within which the terms of a class must stand."""
SOURCE_CODE = "source_code"
WITHHELD = "withheld"
"""What says that it is kept from others is not taken for published."""
PUBLISHED, PAPER = "published", "paper"
"""What tells news and textbooks from papers, and papers from talk about them; they are no classes of a call."""
_NONE = frozenset({PUBLISHED, PAPER})
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where it is there, ten times as fast: each process reads the classes as it starts."""
_NUMBER = re.compile(r"\d+(?:,\d{3}(?!\d))*(?:\.\d+)?")
"""A figure; the commas of a table part figures, those of thousands do not."""


@dataclass(frozen=True, slots=True)
class ContentClass:
    """A class: its terms (number -> weight) and what it means. Grades are 1..5, 0 for none."""

    name: str
    why: str
    grade: int
    person: int
    needs: float
    numbers: int
    must: frozenset[int]
    unless: str = ""


@cache
def catalogue(
    file: Path = FILE,
) -> tuple[Mapping[str, ContentClass], tuple[tuple[str, ...], ...], tuple[tuple[tuple[str, float], ...], ...]]:
    """The classes by name; each term's writings; each term's classes with its weight there. Read once."""
    classes: dict[str, ContentClass] = {}
    numbers: dict[str, int] = {}
    weights: defaultdict[int, list[tuple[str, float]]] = defaultdict(list)

    def number(writings: str) -> int:
        return numbers.setdefault(str(writings), len(numbers))

    raws = yaml.load(file.read_text(), _Loader)  # noqa: S506  both loaders are safe ones
    terms_of = {raw["name"]: tuple(raw["terms"]) for raw in raws}
    for raw in raws:
        must = frozenset(number(term) for term in _must(raw, terms_of))
        classes[raw["name"]] = _class(raw, must)
        for writings, weight in raw["terms"].items():
            weights[number(writings)].append((raw["name"], float(weight)))
        for each in must:
            weights[each].append((raw["name"], 0.0))
    if file == FILE:
        classes[SOURCE_CODE] = ContentClass(SOURCE_CODE, "source code", 2, 2, 0, 0, frozenset())
    terms = tuple(tuple(writings.split("|")) for writings in numbers)
    return classes, terms, tuple(tuple(weights[each]) for each in range(len(numbers)))


def _must(raw: Mapping[str, Any], terms_of: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The terms of which one has to be there; `@name` stands for those of another class."""
    for each in str(raw["must"]).split("|") if "must" in raw else ():
        if each.startswith("@"):
            yield from terms_of[each[1:]]
        else:
            yield each


def _class(raw: dict[str, Any], must: frozenset[int]) -> ContentClass:
    return ContentClass(
        raw["name"],
        raw["why"],
        raw["grade"],
        raw["person"],
        raw["needs"],
        raw.get("numbers", 0),
        must,
        raw.get("unless", ""),
    )


class ClassFinder:
    """Finds the classes of texts. Belongs to one thread, like its matcher.

    `cache_folder`: see `matcher.build`. `file`: which classes, `FILE` or `HINTS`.
    """

    def __init__(self, cache_folder: Path | None = None, file: Path = FILE) -> None:
        from gateway.inspection.content.terms import Terms  # data workers need the classes and not Hyperscan

        self._classes, terms, self._weights = catalogue(file)
        pairs = [(number, writing) for number, writings in enumerate(terms) for writing in writings]
        self._pairs = pairs
        self._kept_back = frozenset(
            number for number, of in enumerate(self._weights) if any(name == WITHHELD for name, _ in of)
        )
        self._most = [max(weight for _, weight in self._weights[number]) for number, _ in pairs]
        self._least = (
            min(each.needs for each in self._classes.values() if each.needs and each.name not in _NONE) - _ROUNDING
        )
        self._terms = Terms([writing for _, writing in pairs], cache_folder)

    def find(self, text: str) -> list[tuple[str, float]]:
        """(name, score) of each class; the score is how far its need is exceeded, at most 1. The text is normalised."""
        return [(span.detector, span.score) for span in finished(self.steps(text))]

    def steps(self, text: str) -> Steps[list[Span]]:
        """The same as empty spans, in steps of bounded work."""
        found: dict[str, float] = {}
        for begin in range(0, max(len(text), 1), BLOCK):
            for name, score in self._best(text[max(0, begin - WINDOW) : begin + BLOCK]).items():
                found[name] = max(score, found.get(name, 0.0))
            if begin + BLOCK < len(text):
                yield
        if SOURCE_CODE in self._classes and is_source_code(text):
            found[SOURCE_CODE] = 1.0
        return [Span(0, 0, CLASS, round(score, 3), name) for name, score in sorted(found.items())]

    def _best(self, text: str) -> dict[str, float]:
        hits = self._terms.find(text)
        found: dict[str, float] = {}
        numbers = {number for number, _ in hits}
        if sum([self._most[number] for number in numbers]) < self._least:
            return found  # not even if they spoke of one class
        names = self._possible(numbers)
        if names <= _NONE:
            return found
        figures = -1  # counted where a class asks for them
        for name, places in self._by_class(hits, names).items():
            wanted = self._classes[name]
            if wanted.numbers:
                figures = len(_NUMBER.findall(text)) if figures < 0 else figures
                if figures < wanted.numbers:
                    continue
            score = _heaviest(places, wanted.must)
            if self._kept_back & wanted.must and any(number in self._kept_back for _, number, _, _ in places):
                score += _KEPT_BACK if score else 0.0
            if score >= wanted.needs:
                found[name] = min(1.0, 0.5 + score / wanted.needs / 4)
        return self._meant(found)

    def _meant(self, found: Mapping[str, float]) -> dict[str, float]:
        """Without the classes that are no such thing beside another, and those that only say so."""
        kept_back = WITHHELD in found
        return {
            name: score
            for name, score in found.items()
            if (kept_back or self._classes[name].unless not in found) and name not in _NONE
        }

    def _possible(self, present: Iterable[int]) -> frozenset[str]:
        """The classes whose need all these terms would meet if they stood together. Most texts have none."""
        writings: dict[int, int] = {}
        for number in present:
            term = self._pairs[number][0]
            writings[term] = writings.get(term, 0) + 1
        most: dict[str, float] = {}
        kept_back = not self._kept_back.isdisjoint(writings)
        for number, count in writings.items():
            worth = _WORTH[min(count, 3)]
            for name, weight in self._weights[number]:
                most[name] = most.get(name, 0.0) + weight * worth
        return frozenset(
            name
            for name, score in most.items()
            if score >= self._classes[name].needs - (_KEPT_BACK if kept_back else 0.0) - _ROUNDING
            and (not self._classes[name].must or not self._classes[name].must.isdisjoint(writings))
        )

    def _by_class(self, hits: Iterable[matcher.Hit], names: Collection[str]) -> dict[str, list[_Place]]:
        """Where the terms of each of these classes stand."""
        places: defaultdict[str, list[_Place]] = defaultdict(list)
        for expression_number, at in hits:
            number, writing = self._pairs[expression_number]
            for name, weight in self._weights[number]:
                if name in names:
                    places[name].append((at, number, writing, weight))
        return places


_Place = tuple[int, int, str, float]
"""(where, term, writing, weight)"""


def _heaviest(places: Sequence[_Place], must: frozenset[int]) -> float:
    """The largest sum of weights in a window that has one of `must`. A term counts once, its further writings half."""
    best = total = 0.0
    counts: Counter[tuple[int, str]] = Counter()
    writings: Counter[int] = Counter()
    needed = first = 0
    for at, number, writing, weight in places:
        while places[first][0] < at - WINDOW:
            _, old, old_writing, old_weight = places[first]
            first += 1
            counts[old, old_writing] -= 1
            needed -= old in must
            if not counts[old, old_writing]:
                total -= old_weight * (_WORTH[min(writings[old], 3)] - _WORTH[min(writings[old] - 1, 3)])
                writings[old] -= 1
        needed += number in must
        counts[number, writing] += 1
        if counts[number, writing] == 1:
            writings[number] += 1
            total += weight * (_WORTH[min(writings[number], 3)] - _WORTH[min(writings[number] - 1, 3)])
        if (needed or not must) and total > best:
            best = total
    return best


_KEPT_BACK = 2.0
"""What words that say that a text is kept from others are worth in a class that has them in its `must`: once, however many."""
_WORTH = (0.0, 1.0, 1.5, 2.0)
"""Of a term's weight, by how many of its writings stand there."""
_ROUNDING = 1e-6
"""By how much sums of weights may differ that were added in another order."""
