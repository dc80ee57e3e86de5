"""Polish tax numbers (NIP, in their usual groups or beside a cue) and REGON behind its name: checked."""

from __future__ import annotations

from gateway.inspection import country_checksums, further_checksums
from gateway.inspection.checksums import only_digits
from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer, shape


def _check(value: str) -> bool:
    return country_checksums.pl_nip(only_digits(value))


RECOGNIZER = Recognizer(
    "pl_tax_id",
    "TAX_ID",
    (
        shape(
            r"\b[1-9][0-9]{2}-([0-9]{3}-[0-9]{2}-[0-9]{2}|[0-9]{2}-[0-9]{2}-[0-9]{3})\b",
            r"(?<![0-9A-Za-z.\-])[1-9]\d{2}-(?:\d{3}-\d{2}-\d{2}|\d{2}-\d{2}-\d{3})(?![0-9A-Za-z]|[.\-][0-9])",
            check=_check,
            score=0.93,
        ),
        shape(
            r"\b[1-9][0-9]{9}\b",
            r"(?<![0-9A-Za-z.\-])[1-9]\d{9}(?![0-9A-Za-z]|[.\-][0-9])",
            check=_check,
            cue=r"(?:\bnip\b|podatk)",
            score=0.95,
        ),
        named(
            r"\bregon\b",
            r"\d{9}",
            check=further_checksums.pl_regon,
            score=0.95,
        ),
    ),
)
