"""German tax identification numbers (§ 139b AO), social insurance numbers: checked or beside a cue."""

from __future__ import annotations

import re

from gateway.inspection.checksums import de_tax_id, only_digits
from gateway.inspection.recognizer import Recognizer, shape

_CUE = r"(?:steuer[ _\-]?(?:id|nummer|nr|identifikation)|identifikationsnummer|\bidnr\b|\bst[.\-]?nr\b|\btin\b|tax id)"


def _check(value: str) -> float | bool:
    digits = only_digits(value)
    return len(digits) == 11 and (0.97 if de_tax_id(digits) else 0.8)


RECOGNIZER = Recognizer(
    "de_tax_id",
    "NATIONAL_ID",
    (
        shape(
            r"\b[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}\b",
            r"(?<![0-9A-Za-z])[1-9]\d ?\d{3} ?\d{3} ?\d{3}(?![0-9A-Za-z])",
            check=_check,
            cue=_CUE,
        ),
        shape(
            r"\b[0-9]{2,3}/[0-9]{3,4}/[0-9]{4,5}\b",
            r"(?<![0-9A-Za-z])\d{2,3}/\d{3,4}/\d{4,5}(?![0-9A-Za-z])",
            cue=_CUE,
            score=0.8,
        ),
        shape(
            r"\b[0-9]{2} ?[0-9]{6} ?[A-Z] ?[0-9]{3}\b",
            r"(?<![0-9A-Za-z])\d{2} ?\d{6} ?[A-Z] ?\d{3}(?![0-9A-Za-z])",
            cue=r"(?:sozialversicherung|rentenversicherung|\bsvnr|\brvnr|sv[ \-]nummer)",
            check=lambda value: len(re.sub(r"\s", "", value)) == 12,
            score=0.9,
        ),
    ),
)
