"""Everything that training reads, in one folder that can travel: `python -m training.pack DATA GATHERED OUT`.

`DATA` is the data folder, `GATHERED` what `gather.py` and `silver.py` made. Writes `examples.json.xz` (texts, marks and
how often each is drawn) and `lexicons.json.xz`; the packages that lexicons come from are needed here only.
"""

from __future__ import annotations

import argparse
import json
import lzma
from dataclasses import asdict
from pathlib import Path
from random import Random

from opencc import OpenCC

from training import corpus, lexicon_sources
from training.context import Context, court, nouns
from training.silver import UNSURE

_GOLD = {"btc": 0.6, "cross": 1.5, "wikigold": 2.0, "germeval": 1.0, "meddocan": 0.7}
_SILVER = {"en": 0.35, "en2": 0.25, "zh": 0.6, "dialogue": 0.3, "de": 0.4, "es": 0.4, "fr": 0.4, "prompts": 1.0}
_TECHNICAL = {"docs", "dictionary"}  # where a teacher sees a person, there mostly is none


def examples(data: Path, gathered: Path) -> list[tuple[str, list[corpus.Mark], float, str]]:
    """(text, marks, draws an epoch, group)."""
    context = Context()
    out: list[tuple[str, list[corpus.Mark], float, str]] = []

    def add(text: str, marks: tuple[corpus.Mark, ...], times: float, group: str) -> None:
        if 0 < len(text) < 20_000:
            out.append((text, list(context.completed(text, marks)), times, group))

    for example, times in corpus.split(data)[0]:
        add(example.text, example.marks, float(times), "gold")
    for name, times in _GOLD.items():
        for row in corpus.read(gathered / f"gold_{name}.jsonl"):
            add(row["text"], _marks(row), times, "gold")
    for name, times in _SILVER.items():
        for row in corpus.read(gathered / f"silver_{name}.jsonl"):
            if row.get("source") == "court":
                continue
            marks = _marks(row)
            if row.get("source") in _TECHNICAL:
                marks = tuple((a, b, UNSURE if label == "PERSON" else label) for a, b, label in marks)
            add(row["text"], marks, times, "silver")
    decisions = [row["text"] for row in corpus.read(gathered / "raw_de.jsonl") if row["source"] == "court"]
    for text, marks in court(decisions):
        add(text, marks, 3.5 if marks else 0.03, "silver")
    return out


def _marks(row: corpus.Row) -> tuple[corpus.Mark, ...]:
    return tuple((s["start"], s["end"], s["label"]) for s in row["spans"])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("gathered", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--share", type=Path, default=None, help="usr/share of the unpacked Debian packages")
    parser.add_argument("--cedict", type=Path, default=None, help="CC-CEDICT, the text file")
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    lex = lexicon_sources.build(Random(arguments.seed), arguments.share, arguments.cedict)
    lex.german_nouns = nouns(row["text"] for row in corpus.read(arguments.gathered / "raw_de.jsonl"))
    convert = OpenCC("s2t").convert
    characters = {c: t for code in range(0x4E00, 0xA000) if (t := convert(c := chr(code))) != c and len(t) == 1}
    with lzma.open(arguments.out / "lexicons.json.xz", "wt", encoding="utf-8") as out:
        json.dump({**asdict(lex), "traditional": characters}, out, ensure_ascii=False)
    found = examples(arguments.data, arguments.gathered)
    with lzma.open(arguments.out / "examples.json.xz", "wt", encoding="utf-8", preset=4) as out:
        json.dump(found, out, ensure_ascii=False)
    print(len(found), "examples", sum(len(text) * times for text, _, times, _ in found), "characters an epoch")


if __name__ == "__main__":
    main()
