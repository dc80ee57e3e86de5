"""French NIR (numéro de sécurité sociale): 13 digits and a key mod 97."""

from __future__ import annotations

import re

from gateway.inspection.checksums import fr_nir
from gateway.inspection.recognizer import Recognizer, shape

_WRITTEN = (
    r"(?<![0-9A-Za-z])[12][ .]?\d{2}[ .]?(?:0[1-9]|1[0-2]|[2-9]\d)[ .]?(?:\d{2}|2[AB])[ .]?\d{3}[ .]?\d{3}[ .\-]?\d{2}"
    r"(?![0-9A-Za-z])"
)


def _check(value: str) -> bool:
    return fr_nir(re.sub(r"[^0-9AB]", "", value.upper()))


RECOGNIZER = Recognizer(
    "fr_nir",
    "NATIONAL_ID",
    (
        shape(r"\b[12][ .]?[0-9]{2}[ .]?[0-9]{2}[ .]?[0-9][0-9AB][ .]?[0-9]{3}", _WRITTEN, check=_check, score=0.98),
        shape(
            r"\b[12][ .]?[0-9]{2}[ .]?[0-9]{2}[ .]?[0-9][0-9AB][ .]?[0-9]{3}",
            _WRITTEN,
            cue=r"(?:sécu|secu|\bnir\b|\bn° ss\b|immatriculation)",
            score=0.85,
        ),
    ),
    guarded=False,
)
