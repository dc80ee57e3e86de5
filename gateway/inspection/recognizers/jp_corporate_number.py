"""Japanese corporate numbers and invoice registrations (T and thirteen digits): checked, behind a word for them."""

from __future__ import annotations

from gateway.inspection import further_checksums
from gateway.inspection.checksums import only_digits
from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer

RECOGNIZER = Recognizer(
    "jp_corporate_number",
    "TAX_ID",
    (
        named(
            "法人番号|登録番号|インボイス|corporate number",
            r"T?-?[1-9]\d{12}|T?[1-9]-\d{4}-\d{4}-\d{4}",
            check=lambda value: further_checksums.jp_corporate(only_digits(value)),
            score=0.93,
        ),
    ),
)
