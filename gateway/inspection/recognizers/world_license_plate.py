"""Licence plates elsewhere: two to three groups of letters and digits beside a word for the plate."""

from __future__ import annotations

import re

from gateway.inspection.recognizer import Recognizer, shape

_VALUE = r"(?<![0-9A-Za-z])(?P<value>[A-Za-zÄÖÜäöü0-9]{1,8}(?:[ \-·]{1,3}[A-Z0-9a-z]{1,5}){0,3}?)(?=[^0-9A-Za-z \-]|[.,;]|\s|$)"
_WORDS = (
    r"licen[cs]e plate|number plate|plate number|plate no|registration plate|registration number|registration|tag number|vehicle reg|reg\. no|\bplate|\breg no"
    r"|vehicle no|vehicle number|\brc no|\brc number|car plate"
    r"|kennzeichen|plaque d'immatriculation|immatricul|\bplaque\b|matr(?:í|i)cula|\btarga|\bplaca\b|kenteken|nr\.? rej|\bkfz"
)
_GAP = r"[\"']?(?:\s(?:number|no\.?|nr\.?|num|is|was|:|reads|of|é|ist|lautet|numero|número))*\s?[:：=#]?\s?[\"'(]?"
_WRITTEN = re.compile(
    r"[A-Z]{2}[ \-]?\d{1,2}[ \-]?[A-Z]{1,3}[ \-]?\d{3,4}|[A-Z]{2,3}[ \-]?\d{3,4}|\d[A-Z]{3}\d{3}|\d{3}[ \-]?[A-Z]{3}|[A-Z]{3}[ \-]\d{3,4}|[A-Z]{2}\d{2} ?[A-Z]{3}"
    r"|[A-ZÄÖÜ]{1,3}[ \-][A-Z]{1,2} ?\d{1,4}[EH]?|[A-Z]{2}[ \-]\d{3}[ \-][A-Z]{2}|\d{4} ?[A-Z]{3}|[A-Z]{2} ?\d{3} ?[A-Z]{2}"
    r"|S[A-Z]{2} ?\d{1,4} ?[A-Z]|[A-Z]{3}\d[A-Z]\d{2}|[A-Z0-9]{1,3}-[A-Z0-9]{2,3}-[A-Z0-9]{1,2}|[A-Z]{2,3} ?[A-Z0-9]{4,5}"
    r"|[A-Z]{1,3}\d{1,4}[A-Z]{0,3}|\d{1,4}[ \-]?[A-Z]{1,3}[ \-]?\d{0,4}|[A-Z0-9]{5,8}|[A-Z0-9]{2,4}[ \-][A-Z0-9]{2,4}"
)

_TALK = re.compile(r"\b(?:of|to|in|or|and|at|on|by|is)\b")
"""Small words between two numbers: "vehicle number 12 of 2024"."""


def _check(value: str) -> bool:
    upper = value.upper()
    bare = re.sub(r"[^0-9A-ZÄÖÜ]", "", upper)
    return (
        4 <= len(bare) <= 9
        and any(character.isdigit() for character in bare)
        and any(character.isalpha() for character in bare)
        and _WRITTEN.fullmatch(upper) is not None
        and _TALK.search(value) is None
    )


def _tries(longest_first: int) -> str:
    """The value in exactly so many groups: the longest writing that passes is taken."""
    groups = rf"(?:[ \-·]{{1,3}}[A-Za-z0-9]{{1,5}}){{{longest_first}}}"
    return rf"(?<![0-9A-Za-z])(?P<value>[A-Za-zÄÖÜäöü0-9]{{1,8}}{groups})(?![0-9A-Za-z])"


_ANCHOR = (
    r"(?i)(licen[cs]e plate|number plate|\bplate|registration|tag number|vehicle (reg|n)|\breg\.? no|\brc n|kennzeichen|immatricul"
    r"|\bplaque\b|matr(í|i)cula|\btarga|\bplaca\b|kenteken|nr\.? rej|\bkfz)"
)

RECOGNIZER = Recognizer(
    "license_plate",
    "LICENSE_PLATE",
    tuple(
        shape(_ANCHOR, rf"(?i)(?:{_WORDS})\w{{0,10}}\.?{_GAP}{_tries(count)}", check=_check, score=0.8 + count / 100)
        for count in (0, 1, 2, 3)
    ),
)
