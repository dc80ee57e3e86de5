"""British biometric residence permits: two or three letters and digits, nine or ten characters, behind a word for them."""

from __future__ import annotations

from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer

RECOGNIZER = Recognizer(
    "uk_residence_permit",
    "NATIONAL_ID",
    (named(r"\bbrp\b|residence permit", r"[A-Z]{2}[A-Z0-9]\d{6,7}", gap=24),),
)
