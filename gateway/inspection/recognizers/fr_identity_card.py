"""French identity cards and residence permits: twelve digits, or nine characters since 2021, behind a word for them."""

from __future__ import annotations

from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer


def _check(value: str) -> bool:
    return sum(map(str.isdigit, value)) >= 2


RECOGNIZER = Recognizer(
    "fr_identity_card",
    "NATIONAL_ID",
    (
        named(
            r"carte (nationale )?d.identit|\bcni\b|\bcnie\b|titre de s(é|e)jour",
            r"\d{12}|\d{10}|[A-Z0-9]{9}",
            check=_check,
            gap=28,
        ),
    ),
)
