"""German identity cards and passports: nine characters and a check digit (ICAO 9303), beside a cue."""

from __future__ import annotations

from gateway.inspection import country_checksums
from gateway.inspection.recognizer import Recognizer, shape

_CUE = r"(?:ausweis|identity card|id card|ausweisnr|dokumentennummer|personalausweis)"


def _check(value: str) -> float:
    return 0.96 if len(value) == 10 and country_checksums.document_number(value) else 0.75 if len(value) == 9 else 0


RECOGNIZER = Recognizer(
    "de_identity_card",
    "NATIONAL_ID",
    (
        shape(
            r"\b[CFGHJKLMNPRTVWXYZ][0-9CFGHJKLMNPRTVWXYZ]{8}[0-9]?\b",
            r"(?<![0-9A-Za-z])(?=[A-Z0-9]{2,8}\d)[CFGHJKLMNPRTVWXYZ][0-9CFGHJKLMNPRTVWXYZ]{8}\d?(?![0-9A-Za-z])",
            check=_check,
            cue=_CUE,
            score=0.96,
        ),
    ),
)
