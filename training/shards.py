"""The stream of training: texts drawn, varied and turned into feature hashes and tags, one shard after another.

A shard depends on its number and the seed alone, whichever process makes it.
"""

from __future__ import annotations

import itertools
import json
import lzma
import multiprocessing
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random
from string import ascii_uppercase

import numpy as np
from numpy.typing import NDArray

from gateway.inspection.names.features import FEATURES, SEPARATOR, CharacterTable, Featuriser
from gateway.inspection.names.network import REACH
from training.corpus import LABELS, Example
from training.lexicons import Lexicons
from training.makers import Maker

IGNORED = -100
"""Tag of what the student learns nothing from: empty positions, and where teachers differ."""

_BLOCK = 1 << 17  # code points read at once
_UNSURE = "?"
_LONE_LETTER = re.compile(r"(?<=[a-zäöüß,] )[A-HJ-Z](?=\.? [a-zäöü])")

Shard = tuple[NDArray[np.uint32], NDArray[np.int8]]


@dataclass(frozen=True, slots=True)
class Mix:
    """How many texts of each kind a shard holds."""

    gold: int = 500
    silver: int = 1100
    invented: int = 900


class Shards:
    """Makes shards from a packed folder (`training.pack`)."""

    def __init__(self, pack: Path, seed: int) -> None:
        with lzma.open(pack / "lexicons.json.xz", "rt", encoding="utf-8") as file:
            self._lexicons = Lexicons(**json.load(file))
        with lzma.open(pack / "examples.json.xz", "rt", encoding="utf-8") as file:
            rows = json.load(file)
        self._examples: dict[str, list[Example]] = {}
        self._weights: dict[str, list[float]] = {}
        for group in ("gold", "silver"):
            mine = [row for row in rows if row[3] == group]
            self._examples[group] = [Example(text, tuple(map(tuple, marks))) for text, marks, _, _ in mine]
            self._weights[group] = list(accumulate(times for _, _, times, _ in mine))
        self._traditional = str.maketrans(self._lexicons.traditional)
        self._seed = seed
        self.table = CharacterTable.of_this_interpreter()
        self._featuriser = Featuriser(self.table, _BLOCK)

    def make(self, number: int, mix: Mix) -> Shard:
        """Hashes (0 in empty positions) and tags of shard `number`."""
        hashes: list[NDArray[np.uint32]] = []
        tags: list[NDArray[np.int8]] = []
        block: list[Example] = []
        size = 0
        for example in [*self.texts(number, mix), None]:
            if example is None or size + len(example.text) + 2 * len(SEPARATOR) > _BLOCK - 8:
                self._add(block, hashes, tags)
                block, size = [], 0
            if example is not None:
                block.append(example)
                size += len(example.text) + len(SEPARATOR)
        return np.concatenate(hashes), np.concatenate(tags)

    def texts(self, number: int, mix: Mix) -> list[Example]:
        """The texts of shard `number`, varied, in the order in which it holds them."""
        random = Random(f"{self._seed}/{number}")
        maker = Maker(self._lexicons, random)
        texts = [maker.sentence() for _ in range(mix.invented)]
        for group, count in (("gold", mix.gold), ("silver", mix.silver)):
            drawn = random.choices(self._examples[group], cum_weights=self._weights[group], k=count)
            texts += [maker.redrawn(example) for example in drawn]
        random.shuffle(texts)
        return [self._varied(each, random) for each in texts]

    def naming_letters(self) -> list[str]:
        """The texts in which somebody is named by a letter or two."""
        return [
            example.text
            for example in self._every()
            if any(b - a < 3 and example.text[a].isascii() for a, b, label in example.marks if label == "PERSON")
        ]

    def with_lone_letters(self, random: Random) -> list[str]:
        """The texts in which a capital letter stands alone before a small word, in half of them others than there stood."""

        def another(match: re.Match[str]) -> str:
            return random.choice(ascii_uppercase)

        found = [example.text for example in self._every() if _LONE_LETTER.search(example.text)]
        return [_LONE_LETTER.sub(another, text) if random.random() < 0.5 else text for text in found]

    def _every(self) -> Iterator[Example]:
        return itertools.chain.from_iterable(self._examples.values())

    def _varied(self, example: Example, random: Random) -> Example:
        """The same text in small or large letters, in traditional characters, with other punctuation."""
        text, draw = example.text, random.random()
        if draw < 0.09:
            new = text.lower()
        elif draw < 0.11:
            new = text.upper()
        elif draw < 0.15:
            new = text.translate(self._traditional)
        elif draw < 0.3:
            new = text.replace("，", ",").replace("：", ":")
        elif draw < 0.4 and any("\u4e00" <= c <= "\u9fff" for c in text):
            new = text.replace(",", "，").replace(":", "：")
        else:
            return example
        return Example(new, example.marks) if len(new) == len(text) else example

    def _add(self, block: list[Example], hashes: list[NDArray[np.uint32]], tags: list[NDArray[np.int8]]) -> None:
        tokens = self._featuriser.read([example.text for example in block])
        empty = np.zeros((REACH, FEATURES), np.uint32)
        silent = np.full(REACH, IGNORED, np.int8)
        for example, low, high in zip(block, tokens.first[:-1], tokens.first[1:], strict=True):
            hashes += [tokens.hashes[low:high], empty]
            tags += [_tags(tokens.start[low:high], tokens.end[low:high], example), silent]


def _tags(start: NDArray[np.int64], end: NDArray[np.int64], example: Example) -> NDArray[np.int8]:
    """BIO tags; of nested entities the longest wins."""
    out = np.zeros(len(start), np.int8)
    for low, high, label in sorted(example.marks, key=lambda mark: mark[1] - mark[0]):
        if label in LABELS or label == _UNSURE:
            first, last = np.searchsorted(end, low, "right"), np.searchsorted(start, high, "left")
            if last > first:
                out[first:last] = IGNORED if label == _UNSURE else 2 + 2 * LABELS.index(label)
                out[first] -= label != _UNSURE
    return out


def stream(shards: Shards, mix: Mix, workers: int, scratch: Path, begin: int = 0) -> Iterator[Shard]:
    """Shards in order without end; made ahead by `workers` processes, or in this one if there are none."""
    if not workers:
        number = begin
        while True:
            yield shards.make(number, mix)
            number += 1
    scratch.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("fork")
    queues = [context.Queue(maxsize=6) for _ in range(workers)]
    for index, queue in enumerate(queues):
        context.Process(target=_work, args=(shards, mix, begin + index, workers, scratch, queue), daemon=True).start()
    turn = 0
    while True:
        path = queues[turn % workers].get()
        with np.load(path) as arrays:
            shard = arrays["hashes"], arrays["tags"]
        Path(path).unlink()
        yield shard
        turn += 1


def _work(shards: Shards, mix: Mix, number: int, step: int, scratch: Path, queue: multiprocessing.Queue[str]) -> None:
    while True:
        hashes, tags = shards.make(number, mix)
        path = scratch / f"{number}.npz"
        np.savez(path, hashes=hashes, tags=tags)
        queue.put(str(path))
        number += step
