"""CPU that detection costs beside Presidio's defaults, on texts of one size: `python -m benchmarks.detection DATA.jsonl`.

Rows of a labelled set are joined, language by language, to texts of 1 and of 8 KB of UTF-8. Patterns and secrets alone,
these with the classes of whole texts (what a grade is made of beside values), everything on, and Presidio (its own recognisers, no threshold, its English model) see the same texts in one process and
take turns at all of them, several times over, so that what else the machine does falls on each alike. Nothing is cached.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

from gateway.inspection.engine import Engine
from gateway.inspection.evaluation import read
from gateway.inspection.presidio_baseline import MODELS, PresidioDefaults, installed_model

System = Callable[[str], object]

WARM = 2
"""Texts that each system sees before it is measured."""


def texts(rows: Sequence[str], size: int) -> Iterator[str]:
    """The rows in order, joined by blank lines to texts of at least `size` bytes; what is left at the end is left out."""
    gathered: list[str] = []
    filled = 0
    for row in rows:
        gathered.append(row)
        filled += len(row.encode()) + 2
        if filled >= size:
            yield "\n\n".join(gathered).encode()[:size].decode(errors="ignore")
            gathered, filled = [], 0


def costs(systems: dict[str, System], sample: Sequence[str], rounds: int) -> dict[str, float]:
    """CPU milliseconds for a KB by system: the median of rounds, in each of which every system reads all texts."""
    for system in systems.values():
        for text in sample[:WARM]:
            system(text)
    kilobytes = sum(len(text.encode()) for text in sample) / 1024
    measured: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(rounds):
        for name, system in systems.items():
            begun = time.process_time()
            for text in sample:
                system(text)
            measured[name].append(1000 * (time.process_time() - begun) / kilobytes)
    return {name: median(each) for name, each in measured.items()}


def _systems(beside: bool) -> dict[str, System]:
    engines = {
        "patterns": Engine(names=False, classes=False),
        "with classes": Engine(names=False),
        "everything": Engine(),
    }
    systems: dict[str, System] = {name: engine.inspect for name, engine in engines.items()}
    if beside:
        model = installed_model()
        if model is None:
            raise SystemExit(f"Presidio needs an English spaCy model; install one of {', '.join(MODELS)}")
        systems["presidio"] = PresidioDefaults(model).inspect
    return systems


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, help="JSON Lines of {text, spans, lang}")
    parser.add_argument("--languages", nargs="+", default=["en", "zh"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[1024, 8192], help="bytes of a text")
    parser.add_argument("--kilobytes", type=int, default=64, help="of each language and size")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-presidio", action="store_true", help="leave Presidio out")
    options = parser.parse_args()
    systems = _systems(not options.no_presidio)
    rows = read(options.data)
    for lang in options.languages:
        own = [row.text for row in rows if row.lang == lang]
        for size in options.sizes:
            sample = list(texts(own, size))[: max(1, options.kilobytes * 1024 // size)]
            figures = costs(systems, sample, options.rounds)
            beside = figures.get("presidio")
            shares = {} if beside is None else {f"{name} 1/": beside / ms for name, ms in figures.items()}
            rounded = {name: round(value, 3) for name, value in {**figures, **shares}.items()}
            print(json.dumps({"lang": lang, "size": size, "texts": len(sample), **rounded}), flush=True)


if __name__ == "__main__":
    main()
