"""Singapore unique entity numbers: by their form beside a cue."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

RECOGNIZER = Recognizer(
    "sg_entity_number",
    "TAX_ID",
    (
        shape(
            r"\b([0-9]{8,9}[A-Z]|[TSR][0-9]{2}[A-Z]{2}[0-9]{4}[A-Z])\b",
            r"(?<![0-9A-Za-z])(?:\d{8,9}[A-Z]|[TSR]\d{2}[A-Z]{2}\d{4}[A-Z])(?![0-9A-Za-z])",
            cue=r"(?:\buen\b|entity number|\bacra\b)",
            score=0.88,
        ),
    ),
)
