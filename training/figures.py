"""Names that stand for somebody everybody knows: `python -m training.figures SHARE CEDICT OUT`.

WordNet's people of record, CC-CEDICT's persons with years of life, and an own list (`lexicons/figures.txt`) of people of
our time and characters of fiction. Left out is what many others are called too: a frequent surname with a frequent first
name, a lone surname of the census, Chinese names of nothing but frequent characters.
"""

from __future__ import annotations

import sys
from pathlib import Path

import names

from training.lexicon_sources import build_named
from training.lexicons import words

_HEAD = """# Names that everybody knows, one a line; written by training/figures.py.
# From WordNet 3.0 (WordNet licence), CC-CEDICT (CC BY-SA 4.0) and an own list.
"""


def _frequent(kind: str, most: int) -> set[str]:
    lines = (Path(names.__file__).parent / f"dist.{kind}").read_text().splitlines()[:most]
    return {line.split()[0].capitalize() for line in lines}


def main() -> None:
    """Command line."""
    share, cedict, out = map(Path, sys.argv[1:4])
    lex = build_named(share, cedict)
    first = _frequent("male.first", 300) | _frequent("female.first", 300)
    last = _frequent("all.last", 1500)
    latin = {
        name for name in lex.persons
        if " " in name and not (name.split()[0] in first and name.split()[-1] in last) and len(name) > 6
    }  # fmt: skip
    surnames, given = set(lex.surnames[0]), set(lex.given)
    han = {
        name for name in [*lex.zh_names, *(name for name in lex.zh_foreign if len(name) > 3)]
        if not (name[0] in surnames and set(name[1:]) <= given)
    }  # fmt: skip
    own = set(words("figures"))
    out.write_text(_HEAD + "\n".join(sorted(latin | han | own)) + "\n", "utf-8")
    print(len(latin), "in Latin letters,", len(han), "Chinese,", len(own), "of our own")


if __name__ == "__main__":
    main()
