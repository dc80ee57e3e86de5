"""Indian tax numbers: PAN by its form, GSTIN checked."""

from __future__ import annotations

from gateway.inspection import country_checksums
from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer, shape

RECOGNIZER = Recognizer(
    "in_tax_ids",
    "TAX_ID",
    (
        shape(
            r"\b[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]\b",
            r"(?<![0-9A-Za-z])[A-Z]{3}[ABCFGHJLPT][A-Z](?!0000)\d{4}[A-Z](?![0-9A-Za-z])",
            score=0.85,
        ),
        named(r"\bpan\b", r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]", score=0.96),  # surer than an address around it
        shape(
            r"\b[0-3][0-9][A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]\b",
            r"(?<![0-9A-Za-z])[0-3]\d[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z](?![0-9A-Za-z])",
            check=country_checksums.in_gstin,
            score=0.97,
        ),
    ),
)
