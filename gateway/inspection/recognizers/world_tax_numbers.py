"""Tax numbers of further countries behind a word that names them: Mexico's RFC by its form, Portugal's NIF checked."""

from __future__ import annotations

from gateway.inspection import further_checksums
from gateway.inspection.checksums import only_digits
from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer

RECOGNIZER = Recognizer(
    "tax_numbers",
    "TAX_ID",
    (
        named(r"\brfc\b|contribuyentes", r"[A-ZÑ&]{3,4}\d{2}[01]\d[0-3]\d[A-Z0-9]{3}", score=0.93),
        named(
            r"\bnif\b|contribuinte|\bnipc\b",
            r"[1-9]\d{2} ?\d{3} ?\d{3}",
            check=lambda value: further_checksums.pt_nif(only_digits(value)),
            score=0.95,
        ),
    ),
)
