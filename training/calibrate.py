"""Scores that mean what they say: `python -m training.calibrate HELD MODEL_FOLDER`, in the product's own environment.

`HELD` is what `training.corpus` wrote. For each label a rising line from the tagger's own score (mean probability) to the
share of findings that are right on those sets, each set counting as much as the others (isotonic regression; Barlow et
al. 1972), is written into `model.json`. DATE and NRP, which few sets mark, keep their scores, and so
does ADDRESS: there nearly all findings are right, and one that runs on over a telephone number must not win over it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from gateway.inspection.evaluation import compatible, read
from gateway.inspection.names import Tagger

_SETS = {
    "PERSON": ("synth", "presidio", "uner_en", "uner_zh", "german_ler_dev", "pupa_tnb_dev"),
    "LOCATION": ("presidio", "uner_en", "uner_zh", "meddocan_train"),
    "ORG": ("uner_en", "uner_zh", "meddocan_train"),
}
_FEWEST = 25  # findings behind one step
_MOST = 300  # findings that a set counts for

Point = tuple[float, float, float]  # score, right, weight


def measured(tagger: Tagger, held: Path, label: str) -> list[Point]:
    """Every finding of a label: its score, whether it is right, what it counts."""
    points: list[Point] = []
    for name in _SETS[label]:
        mine: list[tuple[float, float]] = []
        examples = read(held / f"{name}.jsonl")
        for example, spans in zip(examples, tagger.tag([each.text for each in examples]), strict=True):
            for span in spans:
                if span.label == label:
                    right = any(
                        a < span.end and span.start < b and compatible(gold, label) for a, b, gold in example.marks
                    )
                    mine.append((span.score, float(right)))
        weight = min(1.0, _MOST / max(1, len(mine)))
        points += [(score, right, weight) for score, right in mine]
    return sorted(points)


def rising(points: Sequence[Point]) -> list[tuple[float, float]]:
    """Steps (mean score, share right), pooled until they rise (pool adjacent violators)."""
    steps = [_pooled(points[low : low + _FEWEST]) for low in range(0, len(points), _FEWEST)]
    done: list[Point] = []
    for step in steps:
        done.append(step)
        while len(done) > 1 and done[-2][1] >= done[-1][1]:
            done[-2:] = [_pooled(done[-2:])]
    return [(round(score, 3), round(right, 3)) for score, right, _ in done]


def _pooled(points: Sequence[Point]) -> Point:
    weight = sum(each[2] for each in points)
    return (
        sum(score * own for score, _, own in points) / weight,
        sum(right * own for _, right, own in points) / weight,
        weight,
    )


def main() -> None:
    """Command line."""
    held, folder = Path(sys.argv[1]), Path(sys.argv[2])
    card = json.loads((folder / "model.json").read_text("utf-8"))
    card.pop("calibration", None)
    (folder / "model.json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    tagger = Tagger(folder)
    card["calibration"] = {label: _line(rising(measured(tagger, held, label))) for label in _SETS}
    (folder / "model.json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")


def _line(steps: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most a dozen points, from 0 to 1."""
    while len(steps) > 10:  # leave out the one that says least
        gaps = [abs(right - left) for (_, left), (_, right) in pairwise(steps)]
        steps.pop(gaps.index(min(gaps)) + 1)
    first, last = steps[0][1], steps[-1][1]
    return [(0.0, round(first / 2, 3)), *steps, (1.0, max(last, 0.5))]


if __name__ == "__main__":
    main()
