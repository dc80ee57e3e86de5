"""Japanese numbers of persons: basic pension numbers and residence cards, behind a word that names them."""

from __future__ import annotations

from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer

RECOGNIZER = Recognizer(
    "jp_identity",
    "NATIONAL_ID",
    (
        named("年金番号|年金手帳", r"\d{4}-?\d{6}"),
        named(r"在留カード|在留資格|特別永住者|residence card|zairyu", r"[A-Z]{2}\d{8}[A-Z]{2}", score=0.93),
    ),
)
