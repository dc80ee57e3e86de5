"""Italian codice fiscale: 16 characters with a check letter."""

from __future__ import annotations

from gateway.inspection.checksums import it_codice_fiscale
from gateway.inspection.recognizer import Recognizer, shape

_ANCHOR = r"\b[A-Za-z]{6}[0-9]{2}[A-Za-z][0-9]{2}[A-Za-z][0-9]{3}[A-Za-z]\b"
_WRITTEN = r"(?<![0-9A-Za-z])[A-Za-z]{6}\d{2}[A-EHLMPR-Ta-ehlmpr-t]\d{2}[A-Za-z]\d{3}[A-Za-z](?![0-9A-Za-z])"


def _check(value: str) -> bool | float:
    return 0.99 if it_codice_fiscale(value.upper()) else 0.8


RECOGNIZER = Recognizer("it_codice_fiscale", "NATIONAL_ID", (shape(_ANCHOR, _WRITTEN, check=_check),))
