"""US social security numbers (20 CFR 422.103; never issued: area 000, 666, 9xx, group 00, serial 0000)."""

from __future__ import annotations

import re

from gateway.inspection.recognizer import Recognizer, shape
from gateway.inspection.told import told

_CUE = r"(?:\bssn\b|(?:my|her|his|your|their) social\b|social security|soc\.? sec|\bss ?#|社会安全号|社安号)"
_VALID = r"(?!000|666|9)\d{3}{gap}(?!00)\d{2}{gap}(?!0000)\d{4}"
_ISSUED = re.compile(_VALID.replace("{gap}", ""))
_ANNOUNCED = r"(?i)(\bssn\b|(my|his|her|your|their) social\b|social security|soc\.? sec|社会安全号|社安号)"
_READ = str.maketrans("OoIl", "0011")


def _is_issued(digits: str) -> bool:
    return _ISSUED.fullmatch(digits) is not None


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
        shape(
            _ANNOUNCED,
            r"(?i)[a-z. 社会安全号]{3,24}[^\n0-9]{0,20}?(?<![0-9A-Za-z])(?P<value>(?=[OIl\-]{0,4}[0-9])[0-9OIl]{3}-[0-9OIl]{2}-[0-9OIl]{4})(?![0-9A-Za-z\-])",
            check=lambda value: (
                sum(map(str.isdigit, value)) > 4 and _is_issued(value.translate(_READ).replace("-", ""))
            ),
            score=0.85,
        ),
        told(_ANNOUNCED, _is_issued, fewest=9, usual=r"[0-9]{3}([ .\-]?)[0-9]{2}\1[0-9]{4}(?![0-9])"),
    ),
)
