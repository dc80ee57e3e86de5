"""From tag scores to spans: greedy BIO, a score per span, thresholds per label, and what is never a name."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.flow import Span
from gateway.inspection.names.features import DIGIT, HAN, LETTER, OTHER
from gateway.inspection.names.network import Decision
from gateway.inspection.names.plausible import is_abbreviation, is_plausible

_native: Any
try:
    _native = importlib.import_module("gateway.inspection.names._tagger")
except ImportError:  # no compiler was there when this was installed
    _native = None

DETECTOR = "names"

Run = tuple[int, int, int, float]
"""(first token, behind the last one, number of the label, mean probability)"""

Found = tuple[Sequence[int], Sequence[int], bytes, int, float]
"""A run with what its tokens are: where they start and end in the text, their kinds, number of the label, probability."""

_SURE_WITHOUT_CAPITALS = 0.5  # least score of a person in small letters: in code and logs every word is written so
_SURE_IN_HAN = 0.2  # among Chinese words fewer doubtful ones are names than in texts with capitals
_SURE_OF_A_LETTER = 0.15

_FIRST_HAN = "\u3400"
_LENGTHS = (3, 4)
"""Characters of a Chinese term whose first ones are taken for a name: 江郎才 in 江郎才尽."""

_SHORTEST_DATE = 6  # characters of a date without letters

_FINE = 1000  # steps of a calibrated score
_PLAIN, _DOUBTFUL = 0.6, 0.2  # probabilities of a token

_YIELDING = {"DATE": 0.5, "NRP": 0.5}
"""Factors on the scores of what names nobody: where something else stands, a date of birth say, it stands before."""

_FORMS_OF_ADDRESS = frozenset(
    {
        *("mr", "mrs", "ms", "miss", "dr", "prof", "sir", "madam", "dear", "hi", "hello", "hey", "thanks", "regards"),
        *("user", "customer", "client", "patient", "assistant", "system", "admin", "manager", "doctor", "tel"),
        *(
            "先生",
            "女士",
            "小姐",
            "老师",
            "医生",
            "经理",
            "客户",
            "用户",
            "患者",
            "家长",
            "同学",
            "同事",
            "您好",
            "你好",
        ),
    }
)
"""Words that stand where names stand; on their own they identify nobody."""


class Decoder:
    """Turns the scores of one text's tokens into spans. Stateless."""

    def __init__(self, decision: Decision) -> None:
        self._labels = decision.labels
        self._bias = np.repeat(np.array((0.0, *decision.biases), np.float32), 2)[
            1:
        ]  # of O, then B- and I- of each label
        self._lines = {label: _line(points) for label, points in decision.calibration.items()}
        self._thresholds = dict(zip(decision.labels, decision.thresholds, strict=True))
        self._words = _no_names()
        self._person = decision.labels.index("PERSON") if "PERSON" in decision.labels else -1
        self.rules = (self._bias, self._person, _PLAIN, _DOUBTFUL)
        """What `native/tagger.c` finds runs by."""

    def spans(
        self,
        text: str,
        start: NDArray[np.int64],
        end: NDArray[np.int64],
        kind: NDArray[np.uint8],
        scores: NDArray[np.float32],
    ) -> list[Span]:
        """Spans in order, never overlapping. Offsets are code points of `text`."""
        kinds = kind.tobytes()
        return self.chosen(
            text,
            [
                (start[low:high].tolist(), end[low:high].tolist(), kinds[low:high], index, score)
                for low, high, index, score in self._runs(scores)
            ],
        )

    def chosen(self, text: str, found: Sequence[Found]) -> list[Span]:
        """The runs that name something, as spans of `text`."""
        out: list[Span] = []
        for start, end, kinds, index, score in found:
            label = self._labels[index]
            if score < self._thresholds[label]:
                continue
            first, last = _trim(kinds, label)
            if first > last:
                continue
            a, b = start[first], end[last]
            if label == "PERSON" and score < self._least(text[a:b], kinds[first]):
                continue
            if not _names_somebody(text[a:b], kinds[first : last + 1], label, score):
                continue
            shown = self._shown(label, score)
            if label != "PERSON" or self._is_name(text, a, b, shown):
                out.append(Span(a, b, label, shown, DETECTOR))
        return out

    def _runs(self, scores: NDArray[np.float32]) -> list[Run]:
        if _native is None:
            return runs_in_numpy(scores, self._bias, self._person)
        return _native.runs(scores, self._bias, 0, len(scores), *self.rules[1:])  # type: ignore[no-any-return]

    def _is_name(self, text: str, start: int, end: int, score: float) -> bool:
        """Whether what the model takes for a person may be one."""
        if not is_plausible(text[start:end], score) or is_abbreviation(text, start, end, score):
            return False
        return not self._is_word(text, start, end)

    def _is_word(self, text: str, start: int, end: int) -> bool:
        """Whether a term stands here that is no name, or one that goes on behind what looked like a name."""
        if text[start:end] in self._words:
            return True
        return text[start] >= _FIRST_HAN and any(
            text[start : start + length] in self._words for length in _LENGTHS if start + length > end
        )

    @staticmethod
    def _least(name: str, kind: int) -> float:
        """The least score of a person's name, by how it is written."""
        if kind == HAN:
            return _SURE_IN_HAN
        return _SURE_WITHOUT_CAPITALS if name.islower() else 0.0

    def _shown(self, label: str, score: float) -> float:
        """The share of findings of this label and score that are right on the development data; else the score itself."""
        line = self._lines.get(label)
        return round(score * _YIELDING.get(label, 1.0), 3) if line is None else line[round(score * _FINE)]


def _no_names() -> frozenset[str]:
    lines = Path(__file__).with_name("words.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def _line(points: Sequence[tuple[float, float]]) -> list[float]:
    """A calibrated score for every score in thousandths."""
    scores, shares = zip(*points, strict=True)
    line: list[float] = np.interp(np.arange(_FINE + 1) / _FINE, scores, shares).round(3).tolist()
    return line


def runs_in_numpy(scores: NDArray[np.float32], bias: NDArray[np.float32], person: int) -> list[Run]:
    """The runs of tokens that are one entity each, as `native/tagger.c` finds them too."""
    tags = (scores + bias).argmax(axis=1)
    named = np.flatnonzero(tags)
    if not len(named):
        return []
    sure = _label_probabilities(scores[named])
    chosen = tags[named]
    begins, stops = _runs(named, chosen)
    label_of = (chosen[begins] - 1) // 2
    own = np.take_along_axis(sure, ((chosen - 1) // 2)[:, None], axis=1)[:, 0]
    found: list[Run] = []
    for begin, stop, label in zip(begins.tolist(), stops.tolist(), label_of.tolist(), strict=True):
        low, high = _core(own, begin, stop) if label == person else (begin, stop)
        found.append((int(named[low]), int(named[high - 1]) + 1, label, float(own[low:high].mean())))
    return found


def _label_probabilities(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probability of each label (B or I) by softmax, shape (tokens, labels)."""
    wide = np.exp(scores - scores.max(axis=1, keepdims=True))
    labels: NDArray[np.float32] = (wide[:, 1::2] + wide[:, 2::2]) / wide.sum(axis=1, keepdims=True)
    return labels


def _runs(named: NDArray[np.int64], tags: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the slices of `named` begin and stop that are one entity each: neighbours, one label, no B- inside."""
    label, begins = (tags - 1) // 2, tags % 2 == 1
    new = np.empty(len(named), np.bool_)
    new[0] = True
    new[1:] = (np.diff(named) != 1) | (np.diff(label) != 0) | begins[1:]
    starts = np.flatnonzero(new)
    return starts, np.append(starts[1:], len(named))


def _core(sure: NDArray[np.float32], low: int, high: int) -> tuple[int, int]:
    """A run without doubtful tokens at its ends, if it has others: the bias for a name also stretches it."""
    if sure[low:high].max() >= _PLAIN:
        while sure[low] < _DOUBTFUL:
            low += 1
        while sure[high - 1] < _DOUBTFUL:
            high -= 1
    return low, high


def _trim(kind: bytes, label: str) -> tuple[int, int]:
    """First and last token without punctuation at the ends; an address may end in punctuation only by its words."""
    first, last = 0, len(kind) - 1
    while first <= last and kind[first] == OTHER and label != "ADDRESS":
        first += 1
    while first <= last and kind[last] == OTHER:
        last -= 1
    return first, last


def _names_somebody(value: str, kinds: bytes, label: str, score: float) -> bool:
    """False for what is too little to be a name or an address, whatever the model says."""
    if len(value) == 1:  # a party that a judgment names by a letter
        return label == "PERSON" and value.isascii() and value.isupper() and score >= _SURE_OF_A_LETTER
    if LETTER not in kinds and HAN not in kinds:
        return label == "DATE" and len(value) >= _SHORTEST_DATE
    if label == "PERSON":
        return value.lower() not in _FORMS_OF_ADDRESS and kinds[0] != DIGIT
    if label == "ADDRESS":
        return len(kinds) > 1
    return True
