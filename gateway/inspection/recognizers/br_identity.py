"""Brazilian numbers of persons beside CPF: identity cards (RG) by form, voters' (título) and workers' (PIS) checked."""

from __future__ import annotations

from gateway.inspection import further_checksums
from gateway.inspection.checksums import only_digits
from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer

RECOGNIZER = Recognizer(
    "br_identity",
    "NATIONAL_ID",
    (
        named(
            r"\brg\b|registro geral|carteira de identidade|c(é|e)dula de identidade",
            r"(?:[A-Z]{2}[\- ]?)?\d{1,2}\.\d{3}\.\d{3}(?:-[0-9Xx])?",
        ),
        named(
            r"t(í|i)tulo (de eleitor|eleitoral)|titulo_?eleitor",
            r"\d{4} ?\d{4} ?\d{4}",
            check=lambda value: further_checksums.br_voter(only_digits(value)),
            score=0.95,
        ),
        named(
            r"\bpis\b|pasep|\bnis\b|\bnit\b",
            r"\d{3}\.?\d{5}\.?\d{2}-?\d",
            check=lambda value: further_checksums.br_pis(only_digits(value)),
            score=0.95,
        ),
    ),
)
