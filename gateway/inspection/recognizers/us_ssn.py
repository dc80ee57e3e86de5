"""US social security numbers (20 CFR 422.103; never issued: area 000, 666, 9xx, group 00, serial 0000)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.inspection.recognizer import Candidate, Recognizer, Shape, shape
from gateway.inspection.told import told

_CUE = r"(?:\bssn\b|(?:my|her|his|your|their) social\b|social security|soc\.? sec|\bss ?#|社会安全号|社安号)"
_VALID = r"(?!000|666|9)\d{3}{gap}(?!00)\d{2}{gap}(?!0000)\d{4}"
_ISSUED = re.compile(_VALID.replace("{gap}", ""))
_ANNOUNCED = r"(?i)(\bssn\b|(my|his|her|your|their) social\b|social security|soc\.? sec|社会安全号|社安号)"
_READ = str.maketrans("OoIiLl", "001111")


def _is_issued(digits: str) -> bool:
    return _ISSUED.fullmatch(digits) is not None


_LEAD = re.compile(r"(?i)[a-z. 社会安全号]{3,24}[^\n0-9]{0,20}")
_REACH = 64
"""Characters from the beginning of the word that announces a number to the number's end, at most."""
_DASHED = re.compile(r"-(?<=(?<![0-9A-Za-z])[0-9OoIiLl]{3}-)[0-9OoIiLl]{2}-[0-9OoIiLl]{4}(?![0-9A-Za-z\-])")
"""A number behind its first three digits. It begins with its sign, so that `re` passes over all others."""


def _mistaken(text: str, at: int) -> Iterable[Candidate]:
    """A number whose digits may be letters that look like them."""
    for found in _DASHED.finditer(text, at, at + _REACH):
        start, end = found.start() - 3, found.end()
        if _LEAD.fullmatch(text, at, start) is not None and _is_mistaken(text, start, end):
            return ((start, end, 0.85),)
    return ()


def _is_mistaken(text: str, start: int, end: int) -> bool:
    value = text[start:end].replace("-", "")
    if value.isdigit() and text[start - 1] not in ".-":
        return False  # the shape above has it
    if not any(map(str.isdigit, value[:4])) or sum(map(str.isdigit, value)) < 5:
        return False
    return _is_issued(value.translate(_READ))


RECOGNIZER = Recognizer(
    "us_ssn",
    "US_SSN",
    (
        shape(
            r"\b[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}\b",
            r"(?<![0-9A-Za-z.\-])" + _VALID.replace("{gap}", "-") + r"(?![0-9A-Za-z]|-[0-9])",
            score=0.95,
        ),
        shape(
            r"\b[0-8][0-9]{2}[ .]?[0-9]{2}[ .]?[0-9]{4}\b",
            r"(?<![0-9A-Za-z.\-])" + _VALID.replace("{gap}", "[ .]?") + r"(?![0-9A-Za-z]|[.\-][0-9])",
            cue=_CUE,
            unless=r"(?:routing|\baba\b)[^\n0-9]{0,12}$",
            score=0.85,
        ),
        Shape(_ANNOUNCED, _mistaken, 0.85, _DASHED.pattern),
        told(_ANNOUNCED, _is_issued, fewest=9, usual=r"[0-9]{3}([ .\-]?)[0-9]{2}\1[0-9]{4}(?![0-9])"),
    ),
)
