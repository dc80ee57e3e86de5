"""Spanish social security numbers: twelve digits between slashes or beside a cue, mod 97."""

from __future__ import annotations

from gateway.inspection import country_checksums
from gateway.inspection.checksums import only_digits
from gateway.inspection.recognizer import Recognizer, shape

_CUE = r"(?:seguridad social|\bnuss?\b|\bnss\b|afiliaci)"


def _check(value: str) -> bool:
    digits = only_digits(value)
    return len(digits) == 12 and country_checksums.es_social_security(digits)


RECOGNIZER = Recognizer(
    "es_social_security",
    "NATIONAL_ID",
    (
        shape(
            r"\b[0-9]{2}/[0-9]{8}/[0-9]{2}\b",
            r"(?<![0-9A-Za-z/])\d{2}/\d{8}/\d{2}(?![0-9A-Za-z/])",
            check=_check,
            score=0.95,
        ),
        shape(
            r"\b[0-9]{2}[ \-]?[0-9]{8}[ \-]?[0-9]{2}\b",
            r"(?<![0-9A-Za-z.\-])\d{2}[ \-]?\d{8}[ \-]?\d{2}(?![0-9A-Za-z]|[.\-][0-9])",
            check=_check,
            cue=_CUE,
            score=0.95,
        ),
    ),
)
