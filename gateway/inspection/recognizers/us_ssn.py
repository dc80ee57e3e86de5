"""US social security numbers (20 CFR 422.103; never issued: area 000, 666, 9xx, group 00, serial 0000)."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

_CUE = r"(?:\bssn\b|social security|soc\.? sec|\bss ?#|社会安全号|社安号)"
_VALID = r"(?!000|666|9)\d{3}{gap}(?!00)\d{2}{gap}(?!0000)\d{4}"

RECOGNIZER = Recognizer(
    "us_ssn",
    "US_SSN",
    (
        shape(
            r"\b[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}\b",
            r"(?<![0-9A-Za-z.\-])" + _VALID.replace("{gap}", "-") + r"(?![0-9A-Za-z]|-[0-9])",
            score=0.95,
        ),
        shape(
            r"\b[0-8][0-9]{2}[ .]?[0-9]{2}[ .]?[0-9]{4}\b",
            r"(?<![0-9A-Za-z.\-])" + _VALID.replace("{gap}", "[ .]?") + r"(?![0-9A-Za-z]|[.\-][0-9])",
            cue=_CUE,
            unless=r"(?:routing|\baba\b)[^\n0-9]{0,12}$",
            score=0.85,
        ),
    ),
)
