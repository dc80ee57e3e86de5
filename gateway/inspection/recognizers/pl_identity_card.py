"""Polish identity cards: three letters and six digits, checked, beside a cue."""

from __future__ import annotations

from gateway.inspection import country_checksums
from gateway.inspection.recognizer import Recognizer, shape


def _check(value: str) -> bool:
    return country_checksums.pl_identity_card(value.replace(" ", ""))


RECOGNIZER = Recognizer(
    "pl_identity_card",
    "NATIONAL_ID",
    (
        shape(
            r"\b[A-Z]{3} ?[0-9]{6}\b",
            r"(?<![0-9A-Za-z])[A-Z]{3} ?\d{6}(?![0-9A-Za-z])",
            check=_check,
            cue=r"(?:dow[oó]d|dowodu|identity card|id card)",
            score=0.95,
        ),
    ),
)
