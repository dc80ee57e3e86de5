"""Hong Kong identity cards: letter(s), six digits, check character, usually in parentheses."""

from __future__ import annotations

import re

from gateway.inspection.checksums import hk_identity
from gateway.inspection.recognizer import Recognizer, shape


def _check(value: str) -> bool:
    return hk_identity(re.sub(r"[()\s]", "", value).upper())


_CUE = r"(?:香港|hkid|hong kong id|身份证|identity card|id card|\bid\b)"

RECOGNIZER = Recognizer(
    "hk_identity",
    "NATIONAL_ID",
    (
        shape(
            r"\b[A-Za-z]{1,2}[0-9]{6} ?\([0-9Aa]\)",
            r"(?<![0-9A-Za-z])[A-Za-z]{1,2}\d{6} ?\([0-9Aa]\)",
            check=_check,
            score=0.97,
        ),
        shape(
            r"\b[A-Za-z]{1,2}[0-9]{6}\(?[0-9Aa]\)?",
            r"(?<![0-9A-Za-z])[A-Za-z]{1,2}\d{6}\(?[0-9Aa]\)?(?![0-9A-Za-z])",
            check=_check,
            cue=_CUE,
            score=0.9,
        ),
        shape(
            r"\b[A-Z]{1,2}[0-9]{6}\([0-9A]\)",
            r"(?<![0-9A-Za-z])[A-Z]{1,2}\d{6}\([0-9A]\)",
            cue=r"(?:香港|hkid|hong kong)",
            score=0.8,
        ),
    ),
)
