"""German health insurance numbers (Krankenversichertennummer): a letter and nine digits, checked, beside a cue."""

from __future__ import annotations

from gateway.inspection import country_checksums
from gateway.inspection.recognizer import Recognizer, shape

_CUE = r"(?:kvnr|krankenversich|versichertennummer|versicherten-?nr|gesundheitskarte|egk|krankenkasse)"


RECOGNIZER = Recognizer(
    "de_health_insurance",
    "MEDICAL_ID",
    (
        shape(
            r"\b[A-Z][0-9]{9}\b",
            r"(?<![0-9A-Za-z])[A-Z]\d{9}(?![0-9A-Za-z])",
            check=country_checksums.de_health,
            cue=_CUE,
            score=0.96,
        ),
    ),
)
