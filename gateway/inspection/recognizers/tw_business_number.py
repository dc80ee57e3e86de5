"""Taiwanese business numbers: eight digits, checked, beside a cue."""

from __future__ import annotations

from gateway.inspection import country_checksums
from gateway.inspection.recognizer import Recognizer, shape

RECOGNIZER = Recognizer(
    "tw_business_number",
    "TAX_ID",
    (
        shape(
            r"\b[0-9]{8}\b",
            r"(?<![0-9A-Za-z.\-])\d{8}(?![0-9A-Za-z]|[.\-][0-9])",
            check=country_checksums.tw_business,
            cue=r"(?:統一編號|统一编号|統編|统编|\bubn\b|\bgui number)",
            score=0.93,
        ),
    ),
)
