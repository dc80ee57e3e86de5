"""From tag scores to spans: greedy BIO, a score per span, thresholds per label, and what is never a name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.flow import Span
from gateway.inspection.names.features import DIGIT, HAN, LETTER, OTHER
from gateway.inspection.names.network import Decision

DETECTOR = "names"

_SURE_WITHOUT_CAPITALS = 0.5  # least score of a person in small letters: in code and logs every word is written so
_SURE_OF_A_LETTER = 0.15

_SHORTEST_DATE = 6  # characters of a date without letters

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
        self._thresholds = dict(zip(decision.labels, decision.thresholds, strict=True))

    def spans(
        self,
        text: str,
        start: NDArray[np.int64],
        end: NDArray[np.int64],
        kind: NDArray[np.uint8],
        scores: NDArray[np.float32],
    ) -> list[Span]:
        """Spans in order, never overlapping. Offsets are code points of `text`."""
        tags = (scores + self._bias).argmax(axis=1)
        named = np.flatnonzero(tags)
        if not len(named):
            return []
        out: list[Span] = []
        sure = _label_probabilities(scores[named])
        for begin, stop in _runs(named, tags[named]):
            low, high = begin, stop
            label_index = int(tags[named[low]] - 1) // 2
            label = self._labels[label_index]
            if label == "PERSON":
                low, high = _core(sure[:, label_index], low, high)
            score = float(sure[low:high, label_index].mean())
            first, last = _trim(int(named[low]), int(named[high - 1]), kind, label)
            if score < self._thresholds[label] or first > last:
                continue
            a, b = int(start[first]), int(end[last])
            if label == "PERSON" and score < _SURE_WITHOUT_CAPITALS and text[a:b].islower():
                continue
            if _names_somebody(text[a:b], kind[first : last + 1], label, score):
                out.append(Span(a, b, label, round(score * _YIELDING.get(label, 1.0), 3), DETECTOR))
        return out


def _label_probabilities(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Probability of each label (B or I) by softmax, shape (tokens, labels)."""
    wide = scores.astype(np.float64)
    wide = np.exp(wide - wide.max(axis=1, keepdims=True))
    wide /= wide.sum(axis=1, keepdims=True)
    labels: NDArray[np.float64] = wide[:, 1::2] + wide[:, 2::2]
    return labels


def _runs(named: NDArray[np.int64], tags: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Slices of `named` that are one entity each: neighbouring tokens, one label, no B- inside."""
    label, begins = (tags - 1) // 2, tags % 2 == 1
    new = np.empty(len(named), np.bool_)
    new[0] = True
    new[1:] = (np.diff(named) != 1) | (np.diff(label) != 0) | begins[1:]
    edges = np.append(np.flatnonzero(new), len(named))
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _core(sure: NDArray[np.float64], low: int, high: int) -> tuple[int, int]:
    """A run without doubtful tokens at its ends, if it has others: the bias for a name also stretches it."""
    if sure[low:high].max() >= _PLAIN:
        while sure[low] < _DOUBTFUL:
            low += 1
        while sure[high - 1] < _DOUBTFUL:
            high -= 1
    return low, high


def _trim(first: int, last: int, kind: NDArray[np.uint8], label: str) -> tuple[int, int]:
    """Without punctuation at the ends; an address may end in punctuation ("Apt. #4", "(rear)") only by its words."""
    while first <= last and kind[first] == OTHER and label != "ADDRESS":
        first += 1
    while first <= last and kind[last] == OTHER:
        last -= 1
    return first, last


def _names_somebody(value: str, kinds: NDArray[np.uint8], label: str, score: float) -> bool:
    """False for what is too little to be a name or an address, whatever the model says."""
    if len(value) == 1:  # a party that a judgment names by a letter
        return label == "PERSON" and value.isascii() and value.isupper() and score >= _SURE_OF_A_LETTER
    if not ((kinds == LETTER) | (kinds == HAN)).any():
        return label == "DATE" and len(value) >= _SHORTEST_DATE
    if label == "PERSON":
        return value.lower() not in _FORMS_OF_ADDRESS and kinds[0] != DIGIT
    if label == "ADDRESS":
        return len(kinds) > 1
    return True
