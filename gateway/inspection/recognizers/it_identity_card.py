"""Italian identity cards: electronic (CA00000AA) and of paper (AA0000000), behind a word for them."""

from __future__ import annotations

from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer

RECOGNIZER = Recognizer(
    "it_identity_card",
    "NATIONAL_ID",
    (
        named(
            r"cart(a|e) d.identit|carta_?identit|document(o|i) d.identit|\bcie\b",
            r"[A-Z]{2} ?\d{5} ?[A-Z]{2}|[A-Z]{2} ?\d{7}",
            gap=24,
        ),
    ),
)
