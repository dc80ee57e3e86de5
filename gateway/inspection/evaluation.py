"""How good a detector is on labelled texts: precision, recall, F2, leakage, false spans, calibration.

A gold span is found if a finding of a compatible label shares a character with it; a finding is false if it shares none
with such a span. Context labels (organisations, places, dates, nationalities, …) are never counted for or against, but
what they cover is covered. *Leakage* is the share of sensitive characters that no finding of any label covers. *F2*
weighs recall four times. The gold label `PII` stands for any.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.flow import Span

CONTEXT = frozenset({"ORG", "LOCATION", "DATE", "TITLE", "NRP", "AGE", "URL", "MARKING", "COORDINATES"})
"""Labels that sets hold unevenly: neither hits nor errors."""

_FAMILIES = (
    {"ADDRESS", "LOCATION"},
    {"API_KEY", "PASSWORD", "PRIVATE_KEY", "JWT", "CONNECTION_STRING"},
    {"BANK_ACCOUNT", "IBAN", "CREDIT_CARD"},
    {"NATIONAL_ID", "CN_ID", "US_SSN", "TAX_ID", "PASSPORT", "DRIVER_LICENSE", "MEDICAL_ID", "USCC", "VIN"},
    {"DATE_OF_BIRTH", "DATE"},
    {"PERSON", "USERNAME"},
)
_FAMILY: Mapping[str, int] = {label: number for number, family in enumerate(_FAMILIES) for label in family}
_UNTYPED = "PII"
_BUCKETS = 10

Mark = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text; marks are (start, end, label) in code points."""

    text: str
    marks: tuple[Mark, ...]
    lang: str


def read(path: Path) -> list[Example]:
    """The rows of a JSONL file: `{"text", "spans": [{"start", "end", "label"}], "lang"?}`.

    Raises ValueError, whose message names the line and never quotes it.
    """
    examples = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip():
            try:
                examples.append(_example(json.loads(line)))
            except (ValueError, TypeError, KeyError) as problem:
                raise ValueError(f"line {number} of {path.name} is not a labelled text") from problem
    return examples


def _example(row: Any) -> Example:
    text, lang = row["text"], row.get("lang") or ""
    marks = tuple((span["start"], span["end"], span["label"]) for span in row["spans"])
    if not isinstance(text, str) or not isinstance(lang, str):
        raise TypeError
    if not all(0 <= start <= end <= len(text) and isinstance(label, str) for start, end, label in marks):
        raise ValueError
    return Example(text, marks, lang)


def compatible(gold: str, found: str) -> bool:
    """Whether a finding of one label is right for a span of another."""
    return gold in {found, _UNTYPED} or (gold in _FAMILY and _FAMILY[gold] == _FAMILY.get(found))


@dataclass(slots=True)
class Count:
    """What happened to one label: its gold spans and the findings that carry it."""

    found: int = 0
    missed: int = 0
    false: int = 0
    characters: int = 0
    uncovered: int = 0

    def add(self, other: Count) -> None:
        self.found += other.found
        self.missed += other.missed
        self.false += other.false
        self.characters += other.characters
        self.uncovered += other.uncovered

    def figures(self, kilobytes: float) -> dict[str, float | int | None]:
        """Shares between 0 and 1, None where there is nothing to divide by."""
        precision = _share(self.found, self.found + self.false)
        recall = _share(self.found, self.found + self.missed)
        both = precision is not None and recall is not None
        f2 = _share(5 * precision * recall, 4 * precision + recall) if both and precision and recall else None
        return {
            "gold": self.found + self.missed,
            "precision": precision,
            "recall": recall,
            "f2": (0.0 if both else None) if f2 is None else f2,
            "leakage": _share(self.uncovered, self.characters),
            "false_per_kb": _share(self.false, kilobytes),
        }


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


@dataclass(slots=True)
class Score:
    """Counts over the texts given so far."""

    rows: int = 0
    bytes: int = 0
    cpu: float = 0.0  # seconds
    labels: dict[str, Count] = field(default_factory=dict)
    right: list[int] = field(default_factory=lambda: [0] * _BUCKETS)
    graded: list[int] = field(default_factory=lambda: [0] * _BUCKETS)
    missed: Counter[tuple[str, str]] = field(
        default_factory=Counter
    )  # (label, value), values as they stand in the texts

    def add(self, example: Example, spans: Iterable[Span], cpu: float = 0.0) -> None:
        """Count one text; `cpu` is the time its inspection took, in seconds."""
        self.rows += 1
        self.bytes += len(example.text.encode("utf-8", "surrogatepass"))
        self.cpu += cpu
        found = list(spans)
        core = [mark for mark in example.marks if mark[2] not in CONTEXT]
        joined = _joined(example.text, found)
        used = self._gold(example.text, core, joined, _covered(example.text, found))
        self._findings(example, core, [mark for mark in joined if mark not in used])
        self._calibration(example, found)

    def figures(self) -> dict[str, Any]:
        """Everything, as JSON takes it: `all` and each label, in order of frequency."""
        kilobytes = self.bytes / 1024
        total = Count()
        for count in self.labels.values():
            total.add(count)
        order = sorted(self.labels, key=lambda label: (-self.labels[label].found - self.labels[label].missed, label))
        return {
            "rows": self.rows,
            "kilobytes": round(kilobytes, 1),
            "cpu_ms_per_kb": _share(1000 * self.cpu, kilobytes),
            "all": total.figures(kilobytes),
            "labels": {label: self.labels[label].figures(kilobytes) for label in order},
            "calibration": [
                {"score": (number + 0.5) / _BUCKETS, "findings": graded, "right": _share(right, graded)}
                for number, (right, graded) in enumerate(zip(self.right, self.graded, strict=True))
                if graded
            ],
        }

    def _count(self, label: str) -> Count:
        return self.labels.setdefault(label, Count())

    def _gold(self, text: str, core: Sequence[Mark], found: Sequence[Mark], covered: bytearray) -> set[Mark]:
        """Count hits, misses and uncovered characters; the findings that were right."""
        used: set[Mark] = set()
        for start, end, label in core:
            hits = [mark for mark in found if mark[0] < end and start < mark[1] and compatible(label, mark[2])]
            used.update(hits)
            count = self._count(label)
            count.found += bool(hits)
            count.missed += not hits
            if not hits:
                self.missed[label, text[start:end]] += 1
            count.characters += end - start
            count.uncovered += end - start - sum(covered[start:end])
        return used

    def _findings(self, example: Example, core: Sequence[Mark], rest: Sequence[Mark]) -> None:
        """Count what is false: not a context label, and not on a context mark that it fits."""
        for start, end, label in rest:
            if label in CONTEXT:
                continue
            on_core = any(a < end and start < b for a, b, _ in core)
            fits = any(a < end and start < b and compatible(g, label) for a, b, g in example.marks)
            if on_core or not fits:
                self._count(label).false += 1

    def _calibration(self, example: Example, found: Sequence[Span]) -> None:
        for span in found:
            if span.label not in CONTEXT:
                bucket = min(_BUCKETS - 1, int(span.score * _BUCKETS))
                self.graded[bucket] += 1
                self.right[bucket] += any(
                    a < span.end and span.start < b and compatible(g, span.label) for a, b, g in example.marks
                )


def _covered(text: str, spans: Iterable[Span]) -> bytearray:
    covered = bytearray(len(text))
    for span in spans:
        covered[span.start : span.end] = b"\1" * (min(span.end, len(text)) - span.start)
    return covered


def _joined(text: str, spans: Iterable[Span]) -> list[Mark]:
    """Findings of one label with only blanks between them are one: some systems part first names from surnames."""
    out: list[Mark] = []
    for start, end, label in sorted((span.start, span.end, span.label) for span in spans):
        gap = " ,\n" if label in {"ADDRESS", "LOCATION"} else " "
        if out and out[-1][2] == label and (start <= out[-1][1] or not text[out[-1][1] : start].strip(gap)):
            out[-1] = (out[-1][0], max(end, out[-1][1]), label)
        else:
            out.append((start, end, label))
    return out


def by_language(examples: Sequence[Example]) -> Iterator[tuple[str, list[Example]]]:
    """All examples under "", then each language's, where there are several."""
    yield "", list(examples)
    languages = sorted({example.lang for example in examples})
    if len(languages) > 1:
        for lang in languages:
            yield lang, [example for example in examples if example.lang == lang]
