"""German licence plates by their form (K-MX 4471, also with E or H behind), beside a word for a car."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

RECOGNIZER = Recognizer(
    "de_license_plate",
    "LICENSE_PLATE",
    (
        shape(
            r"\b[A-Z]{1,3}-[A-Z]{1,2} [1-9]",
            r"(?<![0-9A-Za-zÄÖÜ\-])[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} [1-9]\d{1,3}[EH]?(?![0-9A-Za-z\-])",
            cue=r"(?:\bkfz|\bpkw|\blkw|fahrzeug|\bwagen|garage|parkt|halter|fahrer|unfall|kennzeichen)",
            cue_after=r"(?:kennzeichen|\bkfz|fahrzeug|parkt)",
            unless=r"(?:baureihe|modell|serie|norm|\btyp)[^\n]{0,8}$",
            score=0.85,
        ),
    ),
)
