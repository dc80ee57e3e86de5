"""Taiwan identity cards and resident certificates: a letter and nine digits, checked."""

from __future__ import annotations

from gateway.inspection.checksums import tw_identity
from gateway.inspection.recognizer import Recognizer, shape


def _check(value: str) -> bool:
    return tw_identity(value.upper())


RECOGNIZER = Recognizer(
    "tw_identity",
    "NATIONAL_ID",
    (
        shape(r"\b[A-Z][1289][0-9]{8}\b", r"(?<![0-9A-Za-z])[A-Z][1289]\d{8}(?![0-9A-Za-z])", check=_check, score=0.9),
        shape(
            r"\b[A-Za-z][1289][0-9]{8}\b",
            r"(?<![0-9A-Za-z])[A-Za-z][1289]\d{8}(?![0-9A-Za-z])",
            cue=r"(?:台湾|臺灣|taiwan|身份证|身分證|national id|\bid\b)",
            score=0.8,
        ),
    ),
)
