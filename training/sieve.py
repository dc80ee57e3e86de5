"""Teach the sieve where no name can stand: `python -m training.sieve PACK MODEL_FOLDER`, in the product's own environment.

The model itself is the teacher, without its sieve: of texts of `training.pack` it says which tokens are part of what the
tagger keeps. No label of a person is read, so `PACK` may hold raw texts where silver ones would be. The sieve has to mark
one token within reach of each of these, and as few as it can of the others. Its weights are rounded to integers, and the
bound is put where all but `--miss` of what the teacher keeps in shards that training never saw is looked at (a doubtful
name counts less than a sure one). Writes `sieve.npz`; some ten minutes of one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from gateway.flow import Span
from gateway.inspection.names import Tagger
from gateway.inspection.names.network import Network
from gateway.inspection.names.plausible import without_lists
from gateway.inspection.names.sieve import BESIDE
from training.shards import Mix, Shards

Rows = NDArray[np.float32]

INNER, WIDE, NARROW = 96, 96, 32
NEAR_STEPS = (-1, 0, 1)
FAR_STEPS = (-6, -3, 0, 3, 6)
_UNIT = 64.0  # of an input: its values are some tens
_EMPTY = 8  # rows between texts
_BATCH = 8192  # tokens of a step
_HELD = 4  # shards that only choose the bound
_BLOCK = 24_000  # code points read at once
_LONGEST = 16_000
_MIX = Mix(gold=500, silver=2600, invented=400)
_LETTERS = 200  # texts of a shard in which somebody is named by a letter, as in judgments: else they are too few
_ALONE = 4  # further lessons, of texts with a lone letter
_BROKEN = 6  # and of texts with pieces between their words that machines write
_OF_PEOPLE = {"PERSON": 1.0, "ADDRESS": 1.0}
_OTHERS = 0.4
_A_LETTER = 3.0  # times as much counts somebody named by a letter
_IGNORED = -1.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """Tokens of many texts, `_EMPTY` empty ones between each two."""

    sums: NDArray[np.int8]  # of their embeddings
    worth: (
        Rows  # of a token that the tagger keeps how much that counts; 0 of what is no name; -1 of what does not matter
    )


class Teacher:
    """The shipped tagger without its sieve."""

    def __init__(self, folder: Path) -> None:
        self._tagger = Tagger(folder)
        self._tagger._network = self._network = Network(folder, sifting=False)
        self.taught = self._network.taught

    def lesson(self, texts: Sequence[str]) -> Lesson:
        sums: list[NDArray[np.int8]] = []
        worth: list[Rows] = []
        for block in _blocks(texts):
            tokens = self._tagger._featuriser.read(block)
            scores = self._network.scores(tokens)
            own = np.clip(self._network._sums(tokens.hashes), -128, 127).astype(np.int8)
            for text, low, high in zip(block, tokens.first[:-1], tokens.first[1:], strict=True):
                some = slice(low, high)
                sums += [own[some], np.zeros((_EMPTY, INNER), np.int8)]
                worth += [
                    self._worth(text, tokens.start[some], tokens.end[some], tokens.kind[some], scores[some]),
                    np.full(_EMPTY, _IGNORED, np.float32),
                ]
        return Lesson(np.concatenate(sums), np.concatenate(worth))

    def _worth(
        self, text: str, start: NDArray[np.int64], end: NDArray[np.int64], kind: NDArray[np.uint8], scores: Rows
    ) -> Rows:
        """What the tagger keeps in the end counts; what it marks and drops again may be marked or not."""
        out = np.zeros(len(start), np.float32)
        decoder, kinds = self._tagger._decoder, kind.tobytes()
        marked = [
            (low, high, span)
            for low, high, label, score in decoder._runs(scores)
            for span in decoder.chosen(
                text, [(start[low:high].tolist(), end[low:high].tolist(), kinds[low:high], label, score)]
            )
            or [None]
        ]
        spans = [span for _, _, span in marked if span is not None]
        kept = set(self._tagger._doubts.settled(text, without_lists(text, spans))) if spans else set()
        for low, high, span in marked:
            out[low:high] = _worth(span) if span is not None and span in kept else _IGNORED
        return out


def _worth(span: Span) -> float:
    """How much it counts that a name is looked at: the surer, the more."""
    worth = _OF_PEOPLE.get(span.label, _OTHERS) * (0.2 + span.score)
    return worth * _A_LETTER if span.label == "PERSON" and span.end - span.start == 1 else worth


def _blocks(texts: Sequence[str]) -> Iterator[list[str]]:
    block: list[str] = []
    size = 0
    for text in texts:
        if block and size + len(text) > _BLOCK:
            yield block
            block, size = [], 0
        block.append(text[:_LONGEST])
        size += len(text) + 4
    if block:
        yield block


def _texts(shards: Shards, number: int, lettered: Sequence[str]) -> list[str]:
    """Those of a shard, some of them one after another, as paragraphs are, and some in which letters are names."""
    random = np.random.default_rng(number)
    texts = [example.text for example in shards.texts(number, _MIX)]
    joined = [lettered[place] for place in random.integers(0, len(lettered), _LETTERS)] if lettered else []
    while texts:
        count = int(random.choice((1, 1, 2, 4)))
        joined.append(str(random.choice(("\n", " "))).join(texts[:count]))
        del texts[:count]
    return joined


def _with_pieces(shards: Shards, number: int) -> list[str]:
    """The texts of a shard with numbers, handles, identifiers and the like between their words, as logs and streams have them."""
    random = Random(number)
    out = []
    for example in shards.texts(number, _MIX):
        words = example.text.split(" ")
        for at in range(len(words) - 1, 0, -1):
            if random.random() < 0.1:
                words.insert(at, _piece(random, words[random.randrange(len(words))].strip(".,") or "word"))
        out.append(" ".join(words))
    return out


def _piece(random: Random, word: str) -> str:
    number, code = random.randrange(10 ** random.randint(1, 16)), f"{random.getrandbits(48):x}"
    return random.choice(
        (
            f"{word}@{number:016d}",
            f"word@{number}",
            f"@{word.lower()}{number}",
            f"#{number}",
            f"{word.lower()}_{number}",
            f"{word}={number}",
            f"{word}-{code}",
            f"[{number}]",
            f"v{number % 9}.{number % 37}.{number % 11}",
            f"0x{code}",
            f"https://{word.lower()}.example/{code}",
            f"{number % 24:02d}:{number % 60:02d}:{number % 59:02d}",
            code,
            str(number),
        )
    )


class Student:
    """The sieve in floats, and Adam (Kingma and Ba 2015) to teach it."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)

        def drawn(*shape: int) -> Rows:
            return (random.normal(0, 1, shape) * np.sqrt(2 / np.prod(shape[:-1]))).astype(np.float32)

        self.weights = {
            "wide": drawn(len(NEAR_STEPS), INNER, WIDE),
            "wide_begin": np.zeros(WIDE, np.float32),
            "narrow": drawn(len(FAR_STEPS), WIDE, NARROW),
            "narrow_begin": np.zeros(NARROW, np.float32),
            "last": drawn(NARROW, 1)[:, 0],
            "last_begin": np.full(1, -1, np.float32),
        }
        self._mean = {name: np.zeros_like(value) for name, value in self.weights.items()}
        self._square = {name: np.zeros_like(value) for name, value in self.weights.items()}
        self._steps = 0

    def layers(self, sums: NDArray[np.int8]) -> tuple[Rows, Rows, Rows, Rows]:
        """Input, both layers, and the number of each token: above 0 it is marked."""
        own = self.weights
        seen = sums.astype(np.float32) / _UNIT
        wide = np.maximum(_taken(seen, own["wide"], NEAR_STEPS) + own["wide_begin"], 0)
        narrow = np.maximum(_taken(wide, own["narrow"], FAR_STEPS) + own["narrow_begin"], 0)
        return seen, wide, narrow, narrow @ own["last"] + own["last_begin"]

    def learn(self, lesson: Lesson, rate: float, weight: float) -> float:
        """One step; the loss before it."""
        own = self.weights
        seen, wide, narrow, marks = self.layers(lesson.sums)
        loss, slope = _loss(marks, lesson.worth, weight)
        below = np.outer(slope, own["last"]) * (narrow > 0)
        deeper = _given(below, own["narrow"], FAR_STEPS) * (wide > 0)
        slopes = {
            "last": narrow.T @ slope,
            "last_begin": slope.sum(keepdims=True),
            "narrow": _slopes(wide, below, FAR_STEPS),
            "narrow_begin": below.sum(0),
            "wide": _slopes(seen, deeper, NEAR_STEPS),
            "wide_begin": deeper.sum(0),
        }
        self._steps += 1
        for name, each in slopes.items():
            self._mean[name] += 0.1 * (each - self._mean[name])
            self._square[name] += 0.01 * (each**2 - self._square[name])
            mean, square = (
                kept[name] / (1 - keep**self._steps) for kept, keep in ((self._mean, 0.9), (self._square, 0.99))
            )
            own[name] -= (rate * mean / (np.sqrt(square) + 1e-8)).astype(np.float32)
        return loss


def _moved(rows: Rows, step: int) -> Rows:
    """What stands `step` rows further."""
    out = np.zeros_like(rows)
    if step > 0:
        out[:-step] = rows[step:]
    elif step < 0:
        out[-step:] = rows[:step]
    else:
        out[:] = rows
    return out


def _taken(rows: Rows, weight: Rows, steps: Sequence[int]) -> Rows:
    out = np.zeros((len(rows), weight.shape[2]), np.float32)
    for step, each in zip(steps, weight, strict=True):
        out += _moved(rows @ each, step)
    return out


def _given(slope: Rows, weight: Rows, steps: Sequence[int]) -> Rows:
    out = np.zeros((len(slope), weight.shape[1]), np.float32)
    for step, each in zip(steps, weight, strict=True):
        out += _moved(slope, -step) @ each.T
    return out


def _slopes(rows: Rows, slope: Rows, steps: Sequence[int]) -> Rows:
    return np.stack([rows.T @ _moved(slope, -step) for step in steps])


def covered(marks: Rows, reach: int = BESIDE) -> tuple[Rows, NDArray[np.int64]]:
    """For each token the highest number within reach, and where it stands."""
    own = np.arange(len(marks))
    best, place = marks.copy(), own.copy()
    for step in (*range(-reach, 0), *range(1, reach + 1)):
        other = np.full_like(marks, -np.inf)
        if step > 0:
            other[:-step] = marks[step:]
        else:
            other[-step:] = marks[:step]
        better = other > best
        best[better] = other[better]
        place[better] = own[better] + step
    return best, place


def _loss(marks: Rows, worth: Rows, weight: float) -> tuple[float, Rows]:
    """Of each token of a name the best mark near it should be high, of those far from all names each mark low."""
    names = worth > 0
    near = worth != 0
    for step in range(1, BESIDE + 1):
        near[step:] |= worth[:-step] > 0
        near[:-step] |= worth[step:] > 0
    others = ~near
    best, place = covered(marks, BESIDE - 1)
    slope = np.zeros_like(marks)
    wanted = weight * worth[names]
    np.add.at(slope, place[names], -wanted / (1 + np.exp(best[names])))
    slope[others] += 1 / (1 + np.exp(-marks[others]))
    total = wanted.sum() + others.sum() + 1
    loss = (wanted * np.logaddexp(0, -best[names])).sum() + np.logaddexp(0, marks[others]).sum()
    return float(loss / total), (slope / total).astype(np.float32)


def rounded(student: Student, sums: NDArray[np.int8], bound: float) -> dict[str, NDArray[np.int8] | NDArray[np.int32]]:
    """The sieve in integers, with marks from `bound` on. `sums`: what the layers' ranges are taken from."""
    own = student.weights
    _, wide, narrow, _ = student.layers(sums)
    step = float(np.abs(own["wide"]).max()) / 127
    unit = step / _UNIT  # of a sum of the first layer
    shift, wide_unit = _cut(wide, unit)
    narrow_step = float(np.abs(own["narrow"]).max()) / 127
    narrow_shift, narrow_unit = _cut(narrow, wide_unit * narrow_step)
    last_step = float(np.abs(own["last"]).max()) / 1023
    last_unit = narrow_unit * last_step
    return {
        "wide": np.round(own["wide"] / step).reshape(-1, WIDE).astype(np.int8),
        "wide_begin": (np.round(own["wide_begin"] / unit) + (1 << shift >> 1)).astype(np.int32),
        "narrow": np.round(own["narrow"] / narrow_step).reshape(-1, NARROW).astype(np.int8),
        "narrow_begin": (np.round(own["narrow_begin"] / (wide_unit * narrow_step)) + (1 << narrow_shift >> 1)).astype(
            np.int32
        ),
        "last": np.round(own["last"] / last_step).astype(np.int32),
        "single": np.array([round((float(own["last_begin"][0]) - bound) / last_unit), shift, narrow_shift], np.int32),
    }


def _cut(layer: Rows, unit: float) -> tuple[int, float]:
    """By how many bits a layer's sums are cut so that nearly all fit into eight, and the unit of what is left."""
    most = float(np.quantile(layer.max(1), 0.999)) / unit
    shift = max(0, int(np.ceil(np.log2(max(1.0, most / 255)))))
    return shift, unit * (1 << shift)


def bound_of(marks: Rows, worth: Rows, miss: float) -> float:
    """The highest bound at which names worth no more than `miss` of all are left out."""
    names = worth > 0
    best = covered(marks)[0][names]
    order = np.argsort(best)
    lost = np.cumsum(worth[names][order]) / worth[names].sum()
    return float(best[order][np.searchsorted(lost, miss)])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--shards", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--weight", type=float, default=8.0, help="of a name beside a token that is none")
    parser.add_argument("--miss", type=float, default=0.0005)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument(
        "--floats", type=Path, default=None, help="weights to begin with, if there; those at the end go there"
    )
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    shards, teacher = Shards(options.pack, options.seed), Teacher(options.model)
    lettered = shards.naming_letters()
    lessons = [teacher.lesson(_texts(shards, number, lettered)) for number in range(options.shards + _HELD)]
    lessons += [teacher.lesson(shards.with_lone_letters(Random(number))) for number in range(_ALONE)]
    lessons += [teacher.lesson(_with_pieces(shards, options.shards + _HELD + number)) for number in range(_BROKEN)]
    held = Lesson(
        np.concatenate([each.sums for each in lessons[:_HELD]]),
        np.concatenate([each.worth for each in lessons[:_HELD]]),
    )
    student, random = Student(options.seed), np.random.default_rng(options.seed)
    if options.floats is not None and options.floats.exists():
        with np.load(options.floats) as arrays:
            student.weights = dict(arrays)
    steps = options.epochs * sum(len(each.worth) // _BATCH for each in lessons[_HELD:])
    done = 0
    for epoch in range(options.epochs):
        losses = []
        for number in random.permutation(np.arange(_HELD, len(lessons))):
            lesson = lessons[number]
            for part in random.permutation(len(lesson.worth) // _BATCH):
                own = slice(part * _BATCH, (part + 1) * _BATCH)
                rate = options.rate * min(1.0, done / 200) * (0.5 * (1 + np.cos(np.pi * done / steps)) + 0.01)
                losses.append(student.learn(Lesson(lesson.sums[own], lesson.worth[own]), rate, options.weight))
                done += 1
        marks = student.layers(held.sums)[3]
        bound = bound_of(marks, held.worth, options.miss)
        print(
            f"epoch {epoch}: loss {np.mean(losses):.4f}, bound {bound:.2f}",
            _share(marks, held.worth, bound),
            flush=True,
        )
    if options.floats is not None:
        np.savez_compressed(options.floats, **student.weights)
    np.savez_compressed(
        options.model / "sieve.npz",
        **rounded(student, held.sums, bound),
        teacher=np.frombuffer(teacher.taught, np.uint8),
    )


def _share(marks: Rows, worth: Rows, bound: float) -> str:
    shown = worth[worth >= 0]
    near = (covered(marks)[0] >= bound)[worth >= 0]
    return f"looked at {near.mean():.3f}, part of names {(shown > 0).mean():.3f}"


if __name__ == "__main__":
    main()
