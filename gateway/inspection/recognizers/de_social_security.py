"""German pension insurance numbers (Rentenversicherungsnummer): checked."""

from __future__ import annotations

from gateway.inspection import country_checksums
from gateway.inspection.recognizer import Recognizer, shape


def _check(value: str) -> bool:
    return country_checksums.de_pension(value.replace(" ", "").upper())


RECOGNIZER = Recognizer(
    "de_social_security",
    "NATIONAL_ID",
    (
        shape(
            r"\b[0-9]{2} ?[0-3][0-9][01][0-9]{3} ?[A-Z] ?[0-9]{3}\b",
            r"(?<![0-9A-Za-z.\-])\d{2} ?[0-3]\d[01]\d\d{2} ?[A-Z] ?\d{2} ?\d(?![0-9A-Za-z])",
            check=_check,
            score=0.96,
        ),
    ),
)
