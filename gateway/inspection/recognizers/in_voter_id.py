"""Indian voter identity cards (EPIC): three letters and seven digits beside a cue."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

RECOGNIZER = Recognizer(
    "in_voter_id",
    "NATIONAL_ID",
    (
        shape(
            r"\b[A-Z]{3}[0-9]{7}\b",
            r"(?<![0-9A-Za-z])[A-Z]{3}\d{7}(?![0-9A-Za-z])",
            cue=r"(?:voter|\bepic\b|election card|मतदाता)",
            score=0.85,
        ),
    ),
)
