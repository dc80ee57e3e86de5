"""Personal numbers of further countries: NL, PL, BE, CH, SE, BR, KR, SG, IN, CA, AU; checked, weak ones beside a cue."""

from __future__ import annotations

from collections.abc import Callable

from gateway.inspection import checksums
from gateway.inspection.recognizer import Recognizer, shape


def _digits(length: int, rule: Callable[[str], bool]) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        digits = checksums.only_digits(value)
        return len(digits) == length and len(set(digits)) > 1 and rule(digits)

    return check


def _belgian(digits: str) -> bool:
    """Rijksregisternummer: 97 minus the first nine mod 97; a leading 2 for those born from 2000."""
    return int(digits[9:]) in {97 - int(digits[:9]) % 97, 97 - int("2" + digits[:9]) % 97}


def _swedish(digits: str) -> bool:
    return checksums.luhn(digits[-10:])


_L, _R = r"(?<![0-9A-Za-z.\-])", r"(?![0-9A-Za-z]|[.\-][0-9])"

RECOGNIZER = Recognizer(
    "personal_numbers",
    "NATIONAL_ID",
    (
        shape(
            r"\b[0-9]{4}\.?[0-9]{2}\.?[0-9]{3}\b",
            rf"{_L}\d{{4}}\.?\d{{2}}\.?\d{{3}}{_R}",
            check=_digits(9, checksums.nl_bsn),
            cue=r"(?:\bbsn\b|burgerservice|sofinummer)",
        ),
        shape(
            r"\b[0-9]{11}\b",
            rf"{_L}\d{{11}}{_R}",
            check=_digits(11, checksums.pl_pesel),
            cue=r"\bpesel\b",
            score=0.97,
        ),
        shape(
            r"\b[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}\b",
            rf"{_L}\d{{2}}\.\d{{2}}\.\d{{2}}-\d{{3}}\.\d{{2}}{_R}",
            check=_digits(11, _belgian),
            score=0.97,
        ),
        shape(
            r"\b756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}\b",
            rf"{_L}756\.\d{{4}}\.\d{{4}}\.\d{{2}}{_R}",
            check=_digits(13, checksums.ch_ahv),
            score=0.98,
        ),
        shape(
            r"\b(19|20)?[0-9]{6}[\-+][0-9]{4}\b",
            rf"{_L}(?:19|20)?\d\d[01]\d[0-3]\d[\-+]\d{{4}}{_R}",
            check=lambda value: _swedish(checksums.only_digits(value)),
            cue=r"(?:personnummer|\bpnr\b|samordningsnummer)",
        ),
        shape(
            r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b",
            rf"{_L}\d{{3}}\.\d{{3}}\.\d{{3}}-\d{{2}}{_R}",
            check=_digits(11, checksums.br_cpf),
            score=0.98,
        ),
        shape(
            r"\b[0-9]{6}-[1-8][0-9]{6}\b",
            rf"{_L}\d\d[01]\d[0-3]\d-[1-8]\d{{6}}{_R}",
            check=lambda value: 0.97 if checksums.kr_resident(checksums.only_digits(value)) else 0.8,
        ),
        shape(
            r"\b[STFGM][0-9]{7}[A-Z]\b",
            r"(?<![0-9A-Za-z])[STFGM]\d{7}[A-Z](?![0-9A-Za-z])",
            check=checksums.sg_nric,
        ),
        shape(
            r"\b[2-9][0-9]{3}[ \-]?[0-9]{4}[ \-]?[0-9]{4}\b",
            rf"{_L}[2-9]\d{{3}}([ \-]?)\d{{4}}\1\d{{4}}{_R}",
            check=_digits(12, checksums.in_aadhaar),
            cue=r"(?:aadhaar|aadhar|\buid(?:ai)?\b|आधार)",
            score=0.96,
        ),
        shape(
            r"\b[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{3}\b",
            rf"{_L}\d{{3}}([ \-]?)\d{{3}}\1\d{{3}}{_R}",
            check=_digits(9, checksums.luhn),
            cue=r"(?:\bsin\b|social insurance)",
        ),
        shape(
            r"\b[0-9]{3} ?[0-9]{3} ?[0-9]{2,3}\b",
            rf"{_L}\d{{3}} ?\d{{3}} ?\d{{2,3}}{_R}",
            cue=r"(?:\btfn\b|tax file n)",
            score=0.85,
        ),
        shape(
            r"\b[0-9]{2}[ /]?[0-9]{8}[ /]?[0-9]{2}\b",
            rf"{_L}\d{{2}}[ /]?\d{{8}}[ /]?\d{{2}}{_R}",
            cue=r"(?:\bnass\b|seguridad social|afiliaci|\bnuss\b)",
            score=0.88,
        ),
        shape(
            r"\b[0-9]{2} [0-9]{2} [0-9]{5}\b",
            rf"{_L}\d{{2}} \d{{2}} \d{{5}}{_R}",
            cue=r"(?:n[ºo°]\.? ?col|colegiad)",
            score=0.85,
        ),
        shape(
            r"\b[0-9]{4}[ \-]?[0-9]{4}[ \-]?[0-9]{4}\b",
            rf"{_L}\d{{4}}([ \-]?)\d{{4}}\1\d{{4}}{_R}",
            cue=r"(?:マイナンバー|個人番号|my[_ ]?number)",
            score=0.85,
        ),
    ),
)
