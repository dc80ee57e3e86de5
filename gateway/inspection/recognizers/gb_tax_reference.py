"""British unique taxpayer references: checked, beside a cue."""

from __future__ import annotations

from gateway.inspection import country_checksums
from gateway.inspection.recognizer import Recognizer, shape

RECOGNIZER = Recognizer(
    "gb_tax_reference",
    "TAX_ID",
    (
        shape(
            r"\b[0-9]{5} ?[0-9]{5}\b",
            r"(?<![0-9A-Za-z.\-])\d{5} ?\d{5}(?![0-9A-Za-z]|[.\-][0-9])",
            check=lambda value: country_checksums.gb_utr(value.replace(" ", "")),
            cue=r"(?:\butr\b|taxpayer reference|tax reference)",
            score=0.95,
        ),
    ),
)
