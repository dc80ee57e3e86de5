"""French tax numbers of persons (numéro fiscal, SPI): thirteen digits behind a word for them; surer with their key."""

from __future__ import annotations

from gateway.inspection import further_checksums
from gateway.inspection.checksums import only_digits
from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer


def _check(value: str) -> float:
    return 0.97 if further_checksums.fr_spi(only_digits(value)) else 0.8


RECOGNIZER = Recognizer(
    "fr_tax_number",
    "TAX_ID",
    (
        named(
            r"num(é|e)ro fiscal|n° fiscal|(é|e)f(é|e)rence fiscal|identifiant fiscal|numero_?fiscal|\bspi\b",
            r"\d{2} ?\d{2} ?\d{3} ?\d{3} ?\d{3}",
            check=_check,
            gap=24,
        ),
    ),
)
