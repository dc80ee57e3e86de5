"""Weighted words of business units: a text that uses enough of them is about the unit's business, and they are found."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Annotated

from pydantic import Field

from gateway.flow import Span
from gateway.inspection.own.recognizers import Text, _Model, _word
from gateway.inspection.own.spans_matcher import SpansMatcher
from gateway.inspection.own.yaml_file import read_as

LABEL = "REGISTERED_TERM"

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Dictionary(_Model):
    """Words with weights; they count once their distinct weights reach the threshold. No tenants: all of them."""

    name: Name
    unit: str = ""
    tenants: tuple[str, ...] = ()
    threshold: float = Field(1.0, gt=0)
    terms: Annotated[dict[Text, float], Field(min_length=1, max_length=20_000)]


class File(_Model):
    dictionaries: tuple[Dictionary, ...]


def read(path: Path) -> tuple[Dictionary, ...]:
    """The dictionaries of a file. Raises ConfigurationError naming what is wrong."""
    return read_as(File, path).dictionaries


class DictionaryScanner:
    """The dictionaries of one tenant in one pass. Belongs to one thread."""

    def __init__(self, dictionaries: tuple[Dictionary, ...]) -> None:
        self._terms = [(each, term, weight) for each in dictionaries for term, weight in each.terms.items()]
        self._matcher = SpansMatcher([_word(term) for _, term, _ in self._terms]) if self._terms else None

    def find(self, text: str) -> list[Span]:
        """The words of each dictionary whose threshold is reached."""
        if self._matcher is None:
            return []
        places: defaultdict[str, list[Span]] = defaultdict(list)
        weights: defaultdict[str, dict[str, float]] = defaultdict(dict)
        thresholds: dict[str, float] = {}
        for number, start, end in self._matcher.find(text):
            dictionary, term, weight = self._terms[number]
            thresholds[dictionary.name] = dictionary.threshold
            weights[dictionary.name][term] = weight
            places[dictionary.name].append(Span(start, end, LABEL, 0.9, f"dictionary:{dictionary.name}"))
        return [
            span for name, spans in places.items() if sum(weights[name].values()) >= thresholds[name] for span in spans
        ]
