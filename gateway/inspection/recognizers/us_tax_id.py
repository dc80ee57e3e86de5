"""US taxpayer numbers: ITIN (group 50-65, 70-88, 90-92, 94-99); EIN beside a cue; VAT and tax numbers beside a cue."""

from __future__ import annotations

from gateway.inspection.checksums import only_digits
from gateway.inspection.recognizer import Recognizer, shape

_ITIN_GROUP = r"(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])"
_CUE = r"(?:\bitin\b|\btin\b|taxpayer|tax id|纳税人)"

RECOGNIZER = Recognizer(
    "us_tax_id",
    "TAX_ID",
    (
        shape(
            r"\b9[0-9]{2}-[5-9][0-9]-[0-9]{4}\b",
            rf"(?<![0-9A-Za-z.\-])9\d{{2}}-{_ITIN_GROUP}-\d{{4}}(?![0-9A-Za-z]|-[0-9])",
            score=0.9,
        ),
        shape(
            r"\b9[0-9]{2} ?[5-9][0-9] ?[0-9]{4}\b",
            rf"(?<![0-9A-Za-z.\-])9\d{{2}} ?{_ITIN_GROUP} ?\d{{4}}(?![0-9A-Za-z]|-[0-9])",
            cue=_CUE,
            score=0.85,
        ),
        shape(
            r"\b[0-9]{2}-[0-9]{7}\b",
            r"(?<![0-9A-Za-z.\-])\d{2}-\d{7}(?![0-9A-Za-z]|-[0-9])",
            cue=r"(?:\bein\b|employer id|federal tax|tax id|\bfein\b|\btin\b)",
            score=0.85,
        ),
        shape(
            r"(?i)\b(vat|ust-?id|umsatzsteuer|tva|partita iva|p\.? ?iva|cif|cuit|gstin|abn|cnpj|uid)\b",
            r"(?i)(?:vat|ust-?id|umsatzsteuer|tva|partita iva|p\.? ?iva|cif|cuit|gstin|abn|cnpj|uid)[^\n0-9]{0,28}?"
            r"(?<![0-9A-Za-z])(?P<value>(?:[A-Za-z]{2}[ \-]?)?(?=(?:[ .\-/]?[0-9A-Za-z]){8})[0-9A-Z]?\d{2}[0-9A-Za-z]{0,13}(?:[ .\-/]\d{2,6}){0,4}[0-9A-Z]{0,3})(?![0-9A-Za-z])",
            check=lambda value: len(only_digits(value)) >= 7,
            score=0.75,
        ),
    ),
)
