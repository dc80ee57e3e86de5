"""Spanish company tax numbers (CIF): checked, beside a cue."""

from __future__ import annotations

from gateway.inspection import country_checksums
from gateway.inspection.recognizer import Recognizer, shape

_CUE = r"(?:\bcif\b|\bnif\b|c\.i\.f|empresa|sociedad)"


def _check(value: str) -> bool:
    return country_checksums.es_cif(value.replace("-", "").replace(" ", ""))


RECOGNIZER = Recognizer(
    "es_company",
    "TAX_ID",
    (
        shape(
            r"\b[ABCDEFGHJNPQRSUVW][ \-]?[0-9]{7}[ \-]?[0-9A-J]\b",
            r"(?<![0-9A-Za-z])[ABCDEFGHJNPQRSUVW][ \-]?\d{7}[ \-]?[0-9A-J](?![0-9A-Za-z])",
            check=_check,
            cue=_CUE,
            score=0.95,
        ),
    ),
)
