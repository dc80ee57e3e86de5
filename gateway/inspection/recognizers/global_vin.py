"""Vehicle identification numbers (ISO 3779): with a valid check digit, or beside a word for it."""

from __future__ import annotations

from gateway.inspection.checksums import vin
from gateway.inspection.recognizer import Recognizer, shape

_CUE = (
    r"(?:\bvin\b|vin[:#_]|vehicle id|chassis|frame no|车架号|车辆识别|底盘号|fahrgestell|fin\b|châssis|bastidor|telaio)"
)
_WRITTEN = r"(?<![0-9A-Za-z\-_/+=])[A-HJ-NPR-Za-hj-npr-z0-9]{17}(?![0-9A-Za-z\-_/+=])"


def _mixed(value: str) -> bool:
    return any(character.isdigit() for character in value) and any(character.isalpha() for character in value)


def _checked(value: str) -> bool:
    upper = value.isupper() or value[0].isdigit()
    return upper and value == value.upper() and _mixed(value) and vin(value) and sum(map(str.isalpha, value)) >= 3


RECOGNIZER = Recognizer(
    "vin",
    "VIN",
    (
        shape(r"\b[A-HJ-NPR-Za-hj-npr-z0-9]{17}\b", _WRITTEN, cue=_CUE, check=_mixed, score=0.92),
        shape(r"\b[A-HJ-NPR-Z0-9]{17}\b", _WRITTEN, check=_checked, score=0.85),
    ),
)
