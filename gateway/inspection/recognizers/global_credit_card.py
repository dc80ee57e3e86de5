"""Payment cards: ISO/IEC 7812 prefixes of the large schemes, Luhn."""

from __future__ import annotations

import re

from gateway.inspection.checksums import luhn, only_digits
from gateway.inspection.recognizer import Recognizer, shape
from gateway.inspection.told import told

# Scheme prefixes and lengths as the schemes publish them; UnionPay (62, 81) stands in cn_bank_card.
_SCHEMES = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|(?:2131|1800)\d{11}|35(?:2[89]|[3-8]\d)\d{12}|(?:5[06-9]|6[37])\d{14}"
)


def is_card(value: str) -> bool:
    """A number of one of the schemes, with a valid check digit."""
    digits = only_digits(value)
    return _SCHEMES.fullmatch(digits) is not None and luhn(digits)


_ANNOUNCED = (
    r"(?i)(card|\bvisa|amex|karte|carte|tarjeta|\bcarta|cart(a|ã)o|卡号|银行卡|信用卡|储蓄卡|kahao|\bpan\b|\bcc\b)"
)


def _is_any_card(digits: str) -> bool:
    """Of a scheme, or of UnionPay."""
    return is_card(digits) or (16 <= len(digits) <= 19 and digits.startswith(("62", "60", "81")) and luhn(digits))


_CUE = r"(?:\bcards?\b|\bcc\b|visa|maestro|\bdebit|\bcredit|\bcarte\b|karte|tarjeta|\bcarta\b|cart[ãa]o|kaart|\bpan\b|卡|カード|카드)"


def _is_usual(value: str) -> bool:
    """A card as long as the ones that are issued today: an article's number (EAN-13) begins with 4 as often, a count of
    nanoseconds is as long as the longest.
    """
    return len(only_digits(value)) not in _RARE and is_card(value)


def _is_rare(value: str) -> bool:
    return len(only_digits(value)) in _RARE and is_card(value)


_RARE = (13, 19)
"""Digits of Visa cards that are hardly issued: found beside a word for a card."""


RECOGNIZER = Recognizer(
    "credit_card",
    "CREDIT_CARD",
    (
        shape(
            r"\b[2-6][0-9]{3}[ \-.]?[0-9]{4}[ \-.]?[0-9]{4}[ \-.]?[0-9]{1,7}\b",
            r"(?<![0-9A-Za-z])(?<![0-9][.\-])[2-6]\d{3}(?P<gap>[ \-.]?)\d{4}(?P=gap)\d{4}(?P=gap)\d{1,4}(?:(?P=gap)\d{3})?(?![0-9A-Za-z]|[.\-][0-9])",
            check=_is_usual,
            score=0.98,
        ),
        shape(
            r"\b[2-6][0-9]{3}[ \-.]?[0-9]{4}[ \-.]?[0-9]{4}[ \-.]?[0-9]{1,7}\b",
            r"(?<![0-9A-Za-z])(?<![0-9][.\-])[2-6]\d{3}(?P<gap>[ \-.]?)\d{4}(?P=gap)\d{4}(?P=gap)\d{1,4}(?:(?P=gap)\d{3})?(?![0-9A-Za-z]|[.\-][0-9])",
            check=_is_rare,
            cue=_CUE,
            score=0.98,
        ),
        shape(
            r"\b3[0-9]{3}[ \-]?[0-9]{6}[ \-]?[0-9]{4,5}\b",
            r"(?<![0-9A-Za-z])(?<![0-9][.\-])3\d{3}(?P<gap>[ \-]?)\d{6}(?P=gap)\d{4,5}(?![0-9A-Za-z]|[.\-][0-9])",
            check=is_card,
            score=0.98,
        ),
        shape(
            r"\b(5[0678]|6[0-9]|1800|2131)[0-9]{8,17}\b",
            r"(?<![0-9A-Za-z])(?<![0-9][.\-])(?:5[0678]|6\d|1800|2131)\d{8,17}(?![0-9A-Za-z]|[.\-][0-9])",
            check=lambda value: 12 <= len(value) <= 19 and luhn(value),
            cue=r"(?:\bcard\b|maestro|\bdebit|\bcredit|\bjcb\b|visa)",
            score=0.85,
        ),
        told(
            _ANNOUNCED,
            _is_any_card,
            fewest=13,
            usual=r"[0179]|[0-9]{4}([ \-]?)[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?![ \-]?[0-9])",
        ),
    ),
    guarded=True,
)
