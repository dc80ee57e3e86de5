"""Graded documents: kinds written in `documents.yaml`, filled and mixed with a seed. Half of them are Chinese."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("documents.yaml")

EN_FIRST = [
    "Tobias",
    "Agnieszka",
    "Oluwaseun",
    "Harriet",
    "Marek",
    "Ingrid",
    "Rosalind",
    "Dmitri",
    "Yolanda",
    "Desmond",
]
EN_LAST = ["Okonkwo", "Lindqvist", "Whitcombe", "Zielinski", "Fairbanks", "Moreau", "Haverkamp", "Petrov", "Castellano"]
ZH_FIRST = ["建国", "晓燕", "志强", "雨桐", "海涛", "丽华", "子轩", "文博", "秀英", "思远"]
ZH_LAST = ["欧阳", "魏", "邱", "孟", "曹", "薛", "龚", "邵", "万", "段"]
COMPANIES = {
    "en": ["Northwind Bicycles", "Halden Paper", "Brightwater Foods"],
    "zh": ["北辰自行车厂", "海澜纸业", "清泉食品"],
}
ANIMALS = {"en": ["Heron", "Lynx", "Otter"], "zh": ["苍鹭", "猞猁", "水獭"]}
IBANS = ["DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606"]
CARDS = ["6222021234567890128", "6217000010012345678"]


@dataclass(frozen=True, slots=True)
class Document:
    """A text and the grade that it should get: at least this, and exactly L1 where it is public."""

    kind: str
    lang: str
    grade: int
    text: str


def kinds() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load(FILE.read_text())
    return loaded


def documents(each: int = 6, seed: int = 20261126) -> Iterator[Document]:
    """`each` documents of every kind."""
    for kind in kinds():
        draw = random.Random(f"{seed}/{kind['kind']}/{kind['lang']}")
        for _ in range(each):
            yield Document(kind["kind"], kind["lang"], kind["grade"], _text(kind, draw))


def _text(kind: dict[str, Any], draw: random.Random) -> str:
    lang = kind["lang"]
    always = kind.get("always", [])
    others = [sentence for sentence in kind["body"] if sentence not in always]
    if "rows" in kind:
        chosen = kind["body"] * kind["rows"]
    else:
        least = 3 if len(others) <= 4 else 4
        chosen = [*always, *draw.sample(others, draw.randint(min(least, len(others)), len(others)))]
        if "joint" not in kind or kind["kind"] != "code":
            draw.shuffle(chosen)
    pieces = [draw.choice(kind["opening"]), *chosen]
    joint = kind.get("joint", "\n" if draw.random() < 0.5 else (" " if lang == "en" else ""))
    opening, rest = pieces[0], pieces[1:]
    return f"{_filled(opening, lang, draw)}\n{joint.join(_filled(piece, lang, draw) for piece in rest)}\n"


def _filled(template: str, lang: str, draw: random.Random) -> str:
    if lang == "en":
        name = f"{draw.choice(EN_FIRST)} {draw.choice(EN_LAST)}"
        phone = f"+44 20 7946 {draw.randint(1000, 9999)}"
    else:
        name = draw.choice(ZH_LAST) + draw.choice(ZH_FIRST)
        phone = f"13{draw.randint(0, 9)}{draw.randint(10000000, 99999999)}"
    values = {
        "name": name,
        "phone": phone,
        "email": f"{draw.choice(EN_FIRST).lower()}{draw.randint(1, 99)}@example.com",
        "company": draw.choice(COMPANIES[lang]),
        "animal": draw.choice(ANIMALS[lang]),
        "password": "".join(draw.choices("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNP23456789!$%", k=14)),
        "iban": draw.choice(IBANS),
        "card": draw.choice(CARDS),
    }
    for slot, value in values.items():
        template = template.replace(f"{{{slot}}}", value)
    while "{n}" in template:
        template = template.replace("{n}", str(draw.randint(2, 9)), 1)
    return template
