"""US alien registration numbers (A-numbers, 8 CFR 264.1): seven to nine digits behind a word that names them."""

from __future__ import annotations

from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer

RECOGNIZER = Recognizer(
    "us_alien_number",
    "NATIONAL_ID",
    (
        named(
            r"alien registration|\ba-number|\balien (number|no)|uscis|green card|\ba# ",
            r"A?[\- ]?\d{3}[\- ]?\d{3}[\- ]?\d{2,3}",
        ),
    ),
)
