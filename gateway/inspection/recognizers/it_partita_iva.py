"""Italian VAT numbers (partita IVA) without the country's prefix: checked, beside a cue."""

from __future__ import annotations

from gateway.inspection import country_checksums
from gateway.inspection.recognizer import Recognizer, shape

RECOGNIZER = Recognizer(
    "it_partita_iva",
    "TAX_ID",
    (
        shape(
            r"\b[0-9]{11}\b",
            r"(?<![0-9A-Za-z.\-])\d{11}(?![0-9A-Za-z]|[.\-][0-9])",
            check=country_checksums.it_vat,
            cue=r"(?:partita iva|p\.? ?iva|\bpi\b|codice fiscale)",
            score=0.95,
        ),
    ),
)
