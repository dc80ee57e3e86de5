"""Names that stand for somebody everybody knows: `python -m training.figures SHARE CEDICT CORPORA OUT`.

WordNet's people of record, CC-CEDICT's persons with years of life, lists of the repository dariusk/corpora (actors,
scientists, singers, people of Middle-earth), and an own list (`lexicons/figures.txt`) of people of our time and of record
and of characters of fiction. Left out is what many others are called too: a frequent surname with a frequent first
name, a lone surname of the census, Chinese names of nothing but frequent characters. Of those, the ones of
`lexicons/figures_beside.txt` count beside others of the list.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import names

from training.lexicon_sources import build_named
from training.lexicons import words

_HEAD = """# Names that everybody knows, one a line; written by training/figures.py. With ~: only beside two of the others.
# From WordNet 3.0 (WordNet licence), CC-CEDICT (CC BY-SA 4.0), dariusk/corpora (CC0) and own lists.
"""


def _frequent(kind: str, most: int) -> set[str]:
    lines = (Path(names.__file__).parent / f"dist.{kind}").read_text().splitlines()[:most]
    return {line.split()[0].capitalize() for line in lines}


def _of_corpora(folder: Path) -> Iterator[str]:
    """Actors, singers, scientists, the rich and the people of Middle-earth, of a copy of dariusk/corpora."""

    def read(name: str) -> dict[str, list[Any]]:
        return dict(json.loads((folder / "data" / f"{name}.json").read_text("utf-8")))

    yield from read("humans/celebrities")["celebrities"]
    yield from read("humans/britishActors")["britishActors"]
    yield from read("humans/scientists")["scientists"]
    yield from read("humans/tolkienCharacterNames")["names"]
    yield from (each["name"] for each in read("humans/richpeople")["richPeople"])
    yield from (each["name"] for each in read("music/rock_hall_of_fame")["artists"])


def main() -> None:
    """Command line."""
    share, cedict, corpora, out = map(Path, sys.argv[1:5])
    lex = build_named(share, cedict)
    first = _frequent("male.first", 300) | _frequent("female.first", 300)
    last = _frequent("all.last", 1500)
    latin = {
        name for name in (*lex.persons, *_of_corpora(corpora))
        if " " in name and not (name.split()[0] in first and name.split()[-1] in last) and len(name) > 6
    }  # fmt: skip
    surnames, given = set(lex.surnames[0]), set(lex.given)
    han = {
        name for name in [*lex.zh_names, *(name for name in lex.zh_foreign if len(name) > 3)]
        if not (name[0] in surnames and set(name[1:]) <= given)
    }  # fmt: skip
    own, beside = set(words("figures")), set(words("figures_beside"))
    firm = (latin - beside) | han | own
    lines = [*sorted(firm), *(f"~{name}" for name in sorted(beside - firm))]
    out.write_text(_HEAD + "\n".join(lines) + "\n", "utf-8")
    print(len(latin), "in Latin letters,", len(han), "Chinese,", len(own), "of our own")


if __name__ == "__main__":
    main()
