"""Chinese bank cards: UnionPay prefix 62 (and 60, 81), 16 to 19 digits, Luhn."""

from __future__ import annotations

from gateway.inspection.checksums import luhn, only_digits
from gateway.inspection.recognizer import Recognizer, shape


def _check(value: str) -> bool:
    digits = only_digits(value)
    return 16 <= len(digits) <= 19 and luhn(digits)


RECOGNIZER = Recognizer(
    "cn_bank_card",
    "BANK_ACCOUNT",
    (
        shape(
            r"\b(62|60|81)[0-9]{2}[ \-]?[0-9]{4}[ \-]?[0-9]{4}[ \-]?[0-9]{4}[ \-]?[0-9]{0,3}\b",
            r"(?<![0-9A-Za-z])(?<![0-9][.\-])(?:62|60|81)\d{2}(?P<gap>[ \-]?)\d{4}(?P=gap)\d{4}(?P=gap)\d{4}(?:(?P=gap)\d{1,3})?(?![0-9A-Za-z]|[.\-][0-9])",
            check=_check,
            score=0.99,
        ),
    ),
    guarded=True,
)
