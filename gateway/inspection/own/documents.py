"""Registered documents: which share of a text comes from one of them, by winnowed shingles of words and ideographs.

Kept as keyed marks (see `watermark.fingerprint`); neither text nor file names are stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from gateway.errors import ConfigurationError
from gateway.flow import CLASS, Span
from gateway.inspection.own import DOCUMENT_CLASS
from watermark.fingerprint import Likeness, winnow

SHARE = 100
"""Parts per thousand of the text, or of the document, from which on it is a copy of a part and no common phrase."""
FEWEST = 4
"""Marks of a document that can be recognised."""


@dataclass(frozen=True, slots=True)
class Documents:
    """The marks of a set of documents, sorted, and whose each is."""

    name: str
    marks: NDArray[np.uint64]
    owner: NDArray[np.uint32]
    sizes: NDArray[np.uint32]


def register(texts: Iterable[str], name: str, key: bytes, target: Path) -> tuple[int, int]:
    """Fingerprints texts into `target`; (kept, too short). Raises ConfigurationError when there is nothing to keep."""
    every = [winnow(text, key) for text in texts]
    kept = [marks for marks in every if marks.size >= FEWEST]
    if not kept:
        raise ConfigurationError("no document is long enough to be recognised")
    marks = np.concatenate(kept)
    owner = np.repeat(np.arange(len(kept), dtype=np.uint32), [each.size for each in kept])
    order = np.argsort(marks, kind="stable")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_suffix(".new")
    with draft.open("wb") as file:
        np.savez(
            file, about=np.frombuffer(orjson.dumps({"name": name}), np.uint8), marks=marks[order], owner=owner[order],
            sizes=np.array([each.size for each in kept], np.uint32),
        )  # fmt: skip
    draft.chmod(0o600)
    draft.replace(target)
    return len(kept), len(every) - len(kept)


def load(path: Path) -> Documents:
    """Raises ConfigurationError for a file that holds no fingerprints."""
    try:
        with np.load(path, allow_pickle=False) as file:
            about = orjson.loads(file["about"].tobytes())
            return Documents(about["name"], file["marks"], file["owner"], file["sizes"])
    except Exception as problem:  # a file that is none makes numpy and zipfile raise what they like
        raise ConfigurationError(f"{path.name} holds no registered documents") from problem


class DocumentFinder:
    """Says which sets of documents a text comes from."""

    def __init__(self, sets: Sequence[Documents]) -> None:
        self._sets = tuple(sets)

    def find(self, text: str, key: bytes) -> list[Span]:
        """Empty spans, one for each set that a share of the text comes from; the score is that share."""
        if not self._sets:
            return []
        marks = winnow(text, key)
        if not marks.size:
            return []
        likest = [(each, _likest(each, marks)) for each in self._sets]
        return [
            Span(0, 0, CLASS, round(max(found.of_query, found.of_stored) / 1000, 3), f"{DOCUMENT_CLASS}:{each.name}")
            for each, found in likest
            if found.related and max(found.of_query, found.of_stored) >= SHARE
        ]


def _likest(documents: Documents, marks: NDArray[np.uint64]) -> Likeness:
    """How much the text shares with the document that it shares most with."""
    first = np.searchsorted(documents.marks, marks, "left")
    last = np.searchsorted(documents.marks, marks, "right")
    hit = np.flatnonzero(last > first)
    if not hit.size:
        return Likeness(0, 0, 0)
    cells = np.concatenate([np.arange(first[at], last[at]) for at in hit])
    shared = np.bincount(documents.owner[cells], minlength=documents.sizes.size)
    best = int(shared.argmax())
    count = int(shared[best])
    return Likeness(count, count * 1000 // marks.size, count * 1000 // int(documents.sizes[best]))
