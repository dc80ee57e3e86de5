"""Brazilian company numbers (CNPJ) and CPF without its points: checked, the bare ones beside a cue."""

from __future__ import annotations

from gateway.inspection import country_checksums
from gateway.inspection.checksums import br_cpf, only_digits
from gateway.inspection.recognizer import Recognizer, shape


def _cnpj(value: str) -> bool:
    return country_checksums.br_cnpj(only_digits(value))


RECOGNIZER = Recognizer(
    "br_tax_ids",
    "TAX_ID",
    (
        shape(
            r"\b[0-9]{2}\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9]{2}\b",
            r"(?<![0-9A-Za-z.\-])\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}(?![0-9A-Za-z])",
            check=_cnpj,
            score=0.98,
        ),
        shape(
            r"\b[0-9]{14}\b",
            r"(?<![0-9A-Za-z.\-])\d{14}(?![0-9A-Za-z]|[.\-][0-9])",
            check=_cnpj,
            cue=r"\bcnpj\b",
            score=0.97,
        ),
        shape(
            r"\b[0-9]{9}-?[0-9]{2}\b",
            r"(?<![0-9A-Za-z.\-])\d{9}-?\d{2}(?![0-9A-Za-z]|[.\-][0-9])",
            check=lambda value: br_cpf(only_digits(value)),
            cue=r"\bcpf\b",
            score=0.97,
        ),
    ),
)
