"""French company numbers (SIREN, SIRET): Luhn, beside a cue."""

from __future__ import annotations

from gateway.inspection.checksums import luhn, only_digits
from gateway.inspection.recognizer import Recognizer, shape

_CUE = r"(?:siren|siret|\brcs\b)"


def _check(value: str) -> bool:
    return len(only_digits(value)) in {9, 14} and luhn(only_digits(value))


RECOGNIZER = Recognizer(
    "fr_company",
    "TAX_ID",
    (
        shape(
            r"\b[0-9]{3}[ ]?[0-9]{3}[ ]?[0-9]{3}",
            r"(?<![0-9A-Za-z.\-])\d{3}[ ]?\d{3}[ ]?\d{3}(?:[ ]?\d{5})?(?![0-9A-Za-z]|[.\-][0-9])",
            check=_check,
            cue=_CUE,
            score=0.95,
        ),
    ),
)
