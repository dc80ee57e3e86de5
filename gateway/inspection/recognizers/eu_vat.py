"""VAT numbers with their country's prefix: DE, FR, IT, NL, PL, ES and GB, checked."""

from __future__ import annotations

from gateway.inspection import country_checksums
from gateway.inspection.recognizer import Recognizer, shape

_RULES = {
    "DE": (9, country_checksums.de_vat),
    "FR": (11, country_checksums.fr_vat),
    "IT": (11, country_checksums.it_vat),
    "NL": (12, country_checksums.nl_vat),
    "PL": (10, country_checksums.pl_nip),
    "ES": (9, country_checksums.es_cif),
    "GB": (9, country_checksums.gb_vat),
}


def _check(value: str) -> bool:
    bare = "".join(character for character in value if character.isalnum())
    length, rule = _RULES[bare[:2]]
    number = bare[2:]
    digits = number.replace("B", "", 1) if bare[:2] == "NL" else number[1:-1] if bare[:2] == "ES" else number
    return len(number) == length and digits.isdecimal() and rule(number)


RECOGNIZER = Recognizer(
    "eu_vat",
    "TAX_ID",
    (
        shape(
            r"\b(DE|FR|IT|NL|PL|ES|GB)[ ]?[0-9A-Z][0-9 .\-]{3}",
            r"(?<![0-9A-Za-z])(?:DE|FR|IT|PL|GB)[ ]?\d{2,3}(?:[ .\-]?\d{2,5}){1,4}(?![0-9A-Za-z])"
            r"|(?<![0-9A-Za-z])(?:NL[ ]?\d{4}[ .]?\d{2}[ .]?\d{3}[ .]?B[ .]?\d{2}|ES[ ]?[ABCDEFGHJNPQRSUVW][ \-]?\d{7}[ \-]?[0-9A-J])(?![0-9A-Za-z])",
            check=_check,
            score=0.95,
        ),
    ),
)
