"""Measure a model: `python -m training.evaluate DATA_FOLDER [--model FOLDER] [--json FILE]`.

Needs only what the product needs. Sets are the held-out parts of `corpus.split`, German LER's development sample
and 200 letters of MEDDOCAN (neither in training), and all of `negatives_dev` (three quarters of which training saw).
A gold entity is found if a prediction of a compatible label shares a character with it; a prediction is false if it
shares none. *Leakage* is the share of gold ADDRESS characters, white space apart,
that no ADDRESS or LOCATION prediction covers.
"""

from __future__ import annotations

import argparse
import asyncio
import email
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.flow import Span
from gateway.inspection.names import Tagger
from training import corpus

_COMPATIBLE = {
    "PERSON": {"PERSON", "USERNAME"},
    "ADDRESS": {"ADDRESS", "LOCATION"},
    "LOCATION": {"ADDRESS", "LOCATION"},
}


@dataclass(slots=True)
class Count:
    """Found, missed and false entities of one label."""

    found: int = 0
    missed: int = 0
    false: int = 0

    def figures(self) -> dict[str, float]:
        """Precision, recall and F2 (recall weighs four times)."""
        p = self.found / max(1, self.found + self.false)
        r = self.found / max(1, self.found + self.missed)
        return {"P": round(p, 3), "R": round(r, 3), "F2": round(5 * p * r / (4 * p + r) if p + r else 0.0, 3)}


def _touch(a: Span, start: int, end: int) -> bool:
    return a.start < end and start < a.end


def measure(rows: Sequence[corpus.Row], found: Sequence[Sequence[Span]], label: str) -> Count:
    """Compare the spans of `label` with the gold entities of `rows`."""
    count = Count()
    alike = _COMPATIBLE.get(label, {label})
    for row, spans in zip(rows, found, strict=True):
        gold = [(s["start"], s["end"]) for s in row["spans"] if s["label"] == label]
        welcome = [(s["start"], s["end"]) for s in row["spans"] if s["label"] in alike]
        hits = [any(_touch(s, a, b) for s in spans if s.label in alike) for a, b in gold]
        count.found += sum(hits)
        count.missed += len(hits) - sum(hits)
        own = [s for s in spans if s.label == label]
        count.false += sum(not any(_touch(s, a, b) for a, b in welcome) for s in own)
    return count


def leakage(rows: Sequence[corpus.Row], found: Sequence[Sequence[Span]]) -> float:
    """Share of the characters of gold addresses that nothing covers."""
    total = open_ = 0
    for row, spans in zip(rows, found, strict=True):
        covered = {i for s in spans if s.label in ("ADDRESS", "LOCATION") for i in range(s.start, s.end)}
        for s in row["spans"]:
            if s["label"] == "ADDRESS":
                places = [i for i in range(s["start"], s["end"]) if not row["text"][i].isspace()]
                total += len(places)
                open_ += sum(i not in covered for i in places)
    return round(open_ / max(1, total), 3)


def kilobytes(rows: Iterable[corpus.Row]) -> float:
    """Size of the texts in KB of UTF-8."""
    return sum(len(row["text"].encode()) for row in rows) / 1024


def speed(tagger: Tagger, rows: Sequence[corpus.Row], size: int) -> float:
    """CPU milliseconds for a KB, texts of about `size` bytes, best of five passes."""
    texts, text = [], ""
    for row in rows:
        text += row["text"] + "\n"
        if len(text.encode()) >= size:
            texts.append(text)
            text = ""
    texts = texts[:40] or [text]
    best = min(_pass(tagger, texts) for _ in range(5))
    return round(1e3 * best / (sum(len(t.encode()) for t in texts) / 1024), 2)


def _pass(tagger: Tagger, texts: Sequence[str]) -> float:
    begin = time.process_time()
    for text in texts:
        tagger.tag([text])
    return time.process_time() - begin


def _without_persons() -> dict[str, list[str]]:
    """Own prompts that name nobody, and code of CPython that training does not read (it thanks three people)."""
    here = Path(__file__).parent / "unseen"
    out = {f"prompts_{lang}": (here / f"prompts_{lang}.txt").read_text("utf-8").splitlines() for lang in ("zh", "en")}
    folders = [Path(str(package.__file__)).parent for package in (asyncio, email)]
    out["code"] = [file.read_text("utf-8") for folder in folders for file in sorted(folder.glob("*.py"))]
    return out


def evaluate(folder: Path, tagger: Tagger) -> dict[str, dict[str, float | dict[str, float]]]:
    """All figures of the model card."""
    _, held = corpus.split(folder)
    synthetic = held.pop("synth")
    sets = {f"synth_{lang}": [r for r in synthetic if r["lang"] == lang] for lang in ("zh", "en")}
    sets["synth_eu"] = [r for r in synthetic if r["lang"] not in ("zh", "en")]
    sets |= held
    sets["negatives_all"] = corpus.read(folder / "negatives_dev.jsonl")
    sets["german_ler"] = corpus.read(folder / "german_ler_dev.jsonl")
    sets["meddocan"] = corpus.read(folder / "meddocan_train.jsonl")
    out: dict[str, dict[str, float | dict[str, float]]] = {}
    for name, rows in sets.items():
        found = tagger.tag([row["text"] for row in rows])
        entry: dict[str, float | dict[str, float]] = {"rows": len(rows)}
        for label in ("PERSON", "ADDRESS", "LOCATION", "ORG", "DATE", "NRP"):
            if any(s["label"] == label for r in rows for s in r["spans"]):
                entry[label] = measure(rows, found, label).figures()
        if "ADDRESS" in entry:
            entry["address_leakage"] = leakage(rows, found)
        entry["false_person_per_kb"] = round(measure(rows, found, "PERSON").false / max(1e-9, kilobytes(rows)), 3)
        out[name] = entry
    for name, texts in _without_persons().items():
        blank: list[corpus.Row] = [{"text": text, "spans": []} for text in texts]
        out[name] = {
            "false_person_per_kb": round(measure(blank, tagger.tag(texts), "PERSON").false / kilobytes(blank), 3)
        }
    for lang in ("zh", "en"):
        rows = sets[f"synth_{lang}"] + sets[f"uner_{lang}"]
        out[f"ms_per_kb_{lang}"] = {f"{size // 1024} KB": speed(tagger, rows, size) for size in (1024, 8192)}
    return out


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, default=None, help="default: the model of the package")
    parser.add_argument("--json", type=Path, default=None)
    arguments = parser.parse_args()
    figures = evaluate(arguments.data, Tagger(arguments.model))
    for name, entry in figures.items():
        print(f"{name:16s}", json.dumps(entry))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
