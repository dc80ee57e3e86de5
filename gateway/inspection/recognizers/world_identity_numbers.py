"""Identity numbers of further countries behind a word that names them: AE, AR, AT, IE, MX, MY, PT, TH, TR, ZA."""

from __future__ import annotations

from collections.abc import Callable

from gateway.inspection import further_checksums
from gateway.inspection.checksums import luhn, only_digits
from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer


def _digits(rule: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda value: rule(only_digits(value))


def _born(digits: str) -> bool:
    """Whether a number begins with a date, year first."""
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) <= 31


RECOGNIZER = Recognizer(
    "identity_numbers",
    "NATIONAL_ID",
    (
        named(r"emirates id|eid no|\beid\b|الهوية", r"784-?(?:19|20)\d{2}-?\d{7}-?\d", score=0.93),
        named(r"\bdni\b|documento nacional", r"\d{1,2}\.\d{3}\.\d{3}", score=0.8),
        named(r"\bcui[tl]\b", r"\d{2}-?\d{8}-?\d", check=_digits(further_checksums.ar_cuit), score=0.95),
        named(
            r"sozialversicherungsn|\bsvnr\b|sv-n(r|ummer)|versicherungsnummer",
            r"\d{4}[ /]?[0-3]\d[01]\d{3}",
            check=_digits(further_checksums.at_social_security),
            score=0.95,
        ),
        named(r"\bppsn?\b", r"\d{7}[A-W][A-IW]?", check=further_checksums.ie_pps, score=0.95),
        named(r"\bcurp\b", r"[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d", score=0.96),
        named(
            r"mykad|\bnric\b|kad pengenalan|\bic (no|number)",
            r"\d{6}-?\d{2}-?\d{4}",
            check=_digits(_born),
            score=0.88,
        ),
        named(r"cart(ã|a)o de cidad|\bcart(ã|a)o cidad", r"\d{8} ?\d ?[A-Z0-9]{2}\d", score=0.9),
        named(
            "thai (national )?id|บัตรประชาชน|ประจำตัวประชาชน",
            r"\d-?\d{4}-?\d{5}-?\d{2}-?\d",
            check=_digits(further_checksums.th_national),
            score=0.95,
        ),
        named(r"kimlik|tckn|\btc no", r"[1-9]\d{10}", check=further_checksums.tr_national, score=0.95),
        named(
            r"south african id|\b(sa|rsa) id\b|\bid (no|number)",
            r"\d{6} ?\d{4} ?[012]\d{2}",
            check=_digits(lambda digits: _born(digits) and luhn(digits)),
            score=0.93,
        ),
    ),
)
