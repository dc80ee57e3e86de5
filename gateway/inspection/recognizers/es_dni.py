"""Spanish DNI and NIE: number mod 23 gives the letter."""

from __future__ import annotations

from gateway.inspection.checksums import es_dni
from gateway.inspection.recognizer import Recognizer, shape


def _check(value: str) -> bool:
    return es_dni(value.replace("-", "").replace(".", "").replace(" ", "").upper())


_CUE = r"(?:\bdni\b|d\.n\.i|\bnie\b|\bnif\b|n\.i\.f|documento|identidad)"

RECOGNIZER = Recognizer(
    "es_dni",
    "NATIONAL_ID",
    (
        shape(r"\b[0-9]{8}-?[A-Z]\b", r"(?<![0-9A-Za-z])\d{8}-?[A-HJ-NP-TV-Z](?![0-9A-Za-z])", check=_check, score=0.9),
        shape(
            r"\b[XYZ]-?[0-9]{7}-?[A-Z]\b", r"(?<![0-9A-Za-z])[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z](?![0-9A-Za-z])", check=_check
        ),
        shape(
            r"\b[0-9]{2}\.?[0-9]{3}\.?[0-9]{3}[ \-]?[A-Za-z]\b",
            r"(?<![0-9A-Za-z])\d{2}\.?\d{3}\.?\d{3}[ \-]?[A-Za-z](?![0-9A-Za-z])",
            cue=_CUE,
            score=0.8,
        ),
    ),
)
