"""The labelled data: a folder of JSONL files, split into what is learnt from and what is measured on.

A line is `{"text", "spans": [{"start", "end", "label"}], "lang", "id"}`, offsets in code points, end exclusive. The
file names and licences stand in `README.md`. Files that are missing are left out with a warning.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LABELS = ("PERSON", "ADDRESS", "ORG", "LOCATION", "DATE", "NRP")
"""What the tagger finds, in the order of its tags."""

Row = dict[str, Any]
Mark = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Example:
    """A text and its entities: (start, end, label) in code points."""

    text: str
    marks: tuple[Mark, ...]


def read(path: Path) -> list[Row]:
    """All rows of one file; none (and a warning) if it is missing."""
    if not path.exists():
        print(f"left out: {path.name} is not in the folder", file=sys.stderr)
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def split(folder: Path) -> tuple[list[tuple[Example, int]], dict[str, list[Row]]]:
    """Training examples with how often each is seen in an epoch, and the development sets by name.

    A quarter of the *templates* (not rows) of the synthetic sets is held out, half of UNER English, and UNER Chinese's
    own development part.
    """
    train: list[tuple[Example, int]] = []
    held: dict[str, list[Row]] = {}

    def take(name: str, key: Callable[[Row], str], times: int, dev: str) -> None:
        rows = read(folder / f"{name}.jsonl")
        held[dev] = [row for row in rows if _bucket(key(row), 4) == 0]
        train.extend((_example(row), times) for row in rows if _bucket(key(row), 4))

    take("synth_dev", _template_of, 2, "synth")
    take("presidio_research_dev", _skeleton_of, 2, "presidio")
    take("negatives_dev", _template_of, 2, "negatives")
    english = sorted(read(folder / "uner_en_ewt_dev.jsonl"), key=lambda row: _bucket(row["id"], 1 << 40))
    held["uner_en"] = english[:1000]
    train += [(_example(row), 4) for row in english[1000:]]
    held["uner_zh"] = read(folder / "uner_zh_gsdsimp_dev.jsonl")
    train += [(_example(row), 3) for row in read(folder / "uner_zh_gsdsimp_train.jsonl")]
    train += [(_example(row), 1) for row in read(folder / "wnut17_train.jsonl")]
    train += [(_example(row), 1) for row in read(folder / "secrets_neg_gitleaks_dev.jsonl")]
    return train, held


def _example(row: Row) -> Example:
    return Example(row["text"], tuple((s["start"], s["end"], s["label"]) for s in row["spans"]))


def _bucket(key: str, count: int) -> int:
    return int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(), 16) % count


def _template_of(row: Row) -> str:
    """What stands around the first entity: rows of one template share it."""
    text = row["text"]
    if not row["spans"]:
        return "n" + re.sub(r"\d+", "0", text)[:60]
    span = min(row["spans"], key=lambda s: s["start"])
    before = text[: span["start"]].split("\n")[-1][-14:]
    return (
        re.sub(r"\d+", "0", before)
        + "|"
        + span["label"]
        + "|"
        + re.sub(r"\d+", "0", text[span["end"] : span["end"] + 6])
    )


def _skeleton_of(row: Row) -> str:
    """The letters of a text without its entities."""
    text = row["text"]
    for span in sorted(row["spans"], key=lambda s: -s["start"]):
        text = text[: span["start"]] + "@" + text[span["end"] :]
    return re.sub(r"[^A-Za-z@]+", "", text)[:40]


def main() -> None:
    """`python -m training.corpus DATA OUT`: write what training does not see, for `lexgate bench inspect`."""
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    held = split(folder)[1]
    for name in ("german_ler_dev", "meddocan_train", "pupa_tnb_dev"):
        held[name] = read(folder / f"{name}.jsonl")
    for name, rows in held.items():
        (out / f"{name}.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


if __name__ == "__main__":
    main()
