"""Chinese 15-digit identity numbers, and 18-digit ones whose check digit was mistyped: only beside a cue."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

_CUE = r"(?:身份证|证件号|居民证|公民身份|id[ _\-]?card|resident id|idcard|identity)"

RECOGNIZER = Recognizer(
    "cn_resident_id_weak",
    "CN_ID",
    (
        shape(
            r"\b[1-9][0-9]{5}(18|19|20)?[0-9]{2}[01][0-9][0-3][0-9][0-9]{2}[0-9Xx]",
            r"(?<![0-9A-Za-z])[1-9]\d{5}(?:(?:18|19|20)\d\d[01]\d[0-3]\d\d{3}[0-9Xx]|\d\d[01]\d[0-3]\d\d{3})(?![0-9A-Za-z])",
            cue=_CUE,
            score=0.75,
        ),
    ),
)
