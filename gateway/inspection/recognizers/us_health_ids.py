"""US numbers in health care: NPI and DEA registrations (checked, beside a cue), Medicare beneficiary identifiers."""

from __future__ import annotations

from gateway.inspection import country_checksums
from gateway.inspection.recognizer import Recognizer, shape

_M = "AC-HJ-KM-NP-RT-Y"


RECOGNIZER = Recognizer(
    "us_health_ids",
    "MEDICAL_ID",
    (
        shape(
            r"\b[12][0-9]{9}\b",
            r"(?<![0-9A-Za-z.\-])[12]\d{9}(?![0-9A-Za-z]|[.\-][0-9])",
            check=country_checksums.us_npi,
            cue=r"(?:\bnpi\b|national provider)",
            score=0.95,
        ),
        shape(
            r"\b[ABCDEFGHJKLMPRSTUXabcdefghjklmprstux][A-Za-z9][0-9]{7}\b",
            r"(?<![0-9A-Za-z])[ABCDEFGHJKLMPRSTUXabcdefghjklmprstux][A-Za-z9]\d{7}(?![0-9A-Za-z])",
            check=country_checksums.us_dea,
            cue=r"(?:\bdea\b)",
            score=0.95,
        ),
        shape(
            r"\b[1-9][AC-HJ-KM-NP-RT-Y][0-9AC-HJ-KM-NP-RT-Y][0-9]-?[AC-HJ-KM-NP-RT-Y][0-9AC-HJ-KM-NP-RT-Y][0-9]-?[AC-HJ-KM-NP-RT-Y]{2}[0-9]{2}\b",
            rf"(?<![0-9A-Za-z])[1-9][{_M}][0-9{_M}]\d-?[{_M}][0-9{_M}]\d-?[{_M}]{{2}}\d{{2}}(?![0-9A-Za-z])",
            score=0.88,
        ),
    ),
)
