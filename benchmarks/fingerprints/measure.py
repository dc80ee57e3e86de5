"""Finds texts by their fingerprints among many, as the index does, and counts what is found and what should not have been."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from benchmarks.fingerprints.texts import Language, Text
from benchmarks.fingerprints.transforms import SCRIPTED, Chance
from watermark.fingerprint import Likeness, Marks, winnow

KEY = bytes(range(32))
QUOTED: dict[Language, int] = {"en": 12, "zh": 20}
"""Words or characters in a row that make two texts no strangers: a copied sentence is found by right."""
PER_SOURCE = 80
"""Texts of one project at most, so that no project's style is the result."""


class Fingerprints:
    """Stored fingerprints, sorted by mark."""

    def __init__(self, stored: Sequence[Marks]) -> None:
        self.sizes: NDArray[np.int64] = np.array([marks.size for marks in stored])
        marks, owners = np.concatenate(stored), np.repeat(np.arange(len(stored)), self.sizes)
        order = np.argsort(marks, kind="stable")
        self._marks, self._owners = marks[order], owners[order]

    def related(self, query: Marks) -> dict[int, Likeness]:
        """The stored fingerprints that `query` is related to."""
        first, last = np.searchsorted(self._marks, query, "left"), np.searchsorted(self._marks, query, "right")
        hits = [self._owners[a:b] for a, b in zip(first, last, strict=True) if a < b]
        found = {}
        for owner, shared in zip(*np.unique(np.concatenate(hits), return_counts=True), strict=True) if hits else ():
            like = Likeness(int(shared), int(shared) * 1000 // query.size, int(shared) * 1000 // int(self.sizes[owner]))
            if like.related:
                found[int(owner)] = like
        return found


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts whose fingerprints are stored, and texts of other projects that share no sentence with them."""

    stored: list[Text]
    others: list[Text]
    quoting: int  # other projects' texts that do share a sentence, and are not counted as strangers

    @classmethod
    def of(cls, texts: Iterable[Text], most_stored: int, most_others: int) -> Corpus:
        """A quarter of the projects is stored; which one a project belongs to follows from its name."""
        chance = random.Random(7)
        shuffled = list(texts)
        chance.shuffle(shuffled)
        taken: dict[str, int] = {}
        stored: list[Text] = []
        others: list[Text] = []
        for text in shuffled:
            taken[text.source] = taken.get(text.source, 0) + 1
            if taken[text.source] <= PER_SOURCE:
                (stored if sha256(text.source.encode()).digest()[0] % 4 == 0 else others).append(text)
        stored = [t for t in stored if t.language == "zh"][: most_stored // 2] + [
            t for t in stored if t.language == "en"
        ][:most_stored]
        runs = {run for text in stored for run in _runs(text)}
        strangers = [text for text in others if runs.isdisjoint(_runs(text))]
        chance.shuffle(strangers)
        return cls(stored, strangers[:most_others], len(others) - len(strangers))


def _runs(text: Text) -> Iterator[int]:
    pattern = r"\w+" if text.language == "en" else r"[\u4e00-\u9fff]"
    words, length = re.findall(pattern, text.text.casefold()), QUOTED[text.language]
    for at in range(len(words) - length + 1):
        yield hash(tuple(words[at : at + length]))


def found_after(
    corpus: Corpus, index: Fingerprints, language: Language, transform: Callable[[Text], str], most: int = 1_000_000
) -> float:
    """Share of the first `most` stored texts of a language, in percent, that are found again after `transform`."""
    numbers = [number for number, text in enumerate(corpus.stored) if text.language == language][:most]
    found = sum(number in index.related(winnow(transform(corpus.stored[number]), KEY)) for number in numbers)
    return 100 * found / len(numbers) if numbers else float("nan")


def false_matches(corpus: Corpus, index: Fingerprints, language: Language, words: int = 0) -> tuple[int, int]:
    """How many of the strangers of a language are taken for a stored text, and how many there are."""
    texts = [text for text in corpus.others if text.language == language]
    cut = [text.text if not words else _beginning(text, words) for text in texts]
    return sum(bool(index.related(winnow(text, KEY))) for text in cut), len(texts)


def _beginning(text: Text, words: int) -> str:
    return " ".join(text.text.split()[:words]) if text.language == "en" else text.text[: words * 2]


def scripted(corpus: Corpus, index: Fingerprints, language: Language) -> Iterator[tuple[str, float]]:
    """Each scripted transform with what is found after it, in percent."""
    own = [text.text for text in corpus.others if text.language == language]
    for name, transform in SCRIPTED.items():
        chance = Chance(random.Random(11), {language: own})
        yield name, found_after(corpus, index, language, lambda text, t=transform, c=chance: t(text, c))  # type: ignore[misc]


def cost(texts: Sequence[Text]) -> float:
    """CPU milliseconds a KB (UTF-8), in the texts' own sizes."""
    winnow("", KEY)
    size = sum(len(text.text.encode()) for text in texts) / 1024
    before = time.process_time()
    for text in texts:
        winnow(text.text, KEY)
    return (time.process_time() - before) * 1000 / size
