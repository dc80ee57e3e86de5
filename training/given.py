"""Given names of many countries in Latin letters: `python -m training.given OUT` writes `gateway/inspection/names/given.txt`.

From the persons of all locales of Faker (MIT licence). Left out is what is too short, and what is a small word of some language
(Han, Till), a month or a day.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from faker.providers import person

from gateway.inspection.names.tongues import small_words

_HEAD = """# Given names in Latin letters, one a line; written by training/given.py from Faker (MIT licence).
"""
_NAME = re.compile(r"[A-Z\u00c0-\u024f\u1e00-\u1eff][\w'’]{2,}")
_NO_NAMES = (
    "January February March August September October November December Monday Tuesday Wednesday Thursday Friday Saturday Sunday "
    "Rome Canada Chad Asia India Kenya Paris Milan London Vienna Savannah Delta Boston Austin Houston Dallas Denver Lincoln "
    "Alabama Arizona Carolina Dakota Florida Georgia Montana Nevada Tennessee Texas Virginia Washington Doctor Prince Princess King "
    "Queen Lord Sir Miss Major Judge Pope Bishop Deacon Senator Santa Bank Company Church College Early General"
)
"""Words between spaces: places, ranks and the like that Faker has among given names."""


def names() -> Iterator[str]:
    """Every given name, some more than once."""
    for module in pkgutil.iter_modules(person.__path__):
        provider = importlib.import_module(f"{person.__name__}.{module.name}").Provider
        for attribute in dir(provider):
            values: Any = getattr(provider, attribute)
            if ("first_name" in attribute or "first_romanized" in attribute) and isinstance(
                values, (tuple, list, dict)
            ):
                yield from (value for value in values if isinstance(value, str))


def main(out: Path) -> None:
    """Write the list."""
    small, no_names = small_words(), frozenset(_NO_NAMES.split())
    kept = {
        word
        for name in names()
        for word in name.replace("-", " ").split()
        if _NAME.fullmatch(word) and not word.isupper() and word.lower() not in small and word not in no_names
    }
    out.write_text(_HEAD + "\n".join(sorted(kept)) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
