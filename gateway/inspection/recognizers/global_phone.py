"""Telephone numbers in international form (ITU-T E.123), with the plus sign or after a word for telephone."""

from __future__ import annotations

from gateway.inspection.checksums import only_digits
from gateway.inspection.named import named
from gateway.inspection.recognizer import NEAR, Recognizer, shape

_CUE = (
    r"(?:phone|\btel\b|tel[.:]|mobile|\bmob\b|\bcell|\bcall\b|\bfax|whatsapp|contact|dial|ring|text me|sms"
    r"|电话|手机|联系|传真|拨打|致电|热线|座机|微信|来电"
    r"|telefon|\bfon\b|rück(?:ruf|frag)|unter (?=$)|handy|mobil|durchwahl|erreich|anruf|tél|téléphone|portable|appel|joindre"
    r"|teléfono|móvil|llam|tfno|telefono|cellulare|chiam|\bbel\b|telefoon|telefone|celular|telemóvel|landline|festnetz|rufnummer|paynow|gsm|\bcep\b"
    r"|(?:my|new|her|his) number is|(?:neue|meine) nummer|nummer lautet|(?:mio|nuovo) numero|(?:mi|nuevo) número|(?:mon|nouveau|de) numéro"
    r"|電話|手機|聯絡|聯繫|市話|行動|携帯|連絡先|전화|휴대폰|핸드폰|연락처|휴대전화|मोबाइल|फ़ोन|फोन)"
)
_BEHIND = r"(?![0-9A-Za-z円원元]|[.\-/][0-9])"
_NO_MORE_PAIRS = r"(?! \d{1,2}(?!\d))"
"""Numbers of two digits in a row that is longer than a telephone number: draws of a lottery, octets, columns."""


def _plausible(value: str) -> bool:
    return 8 <= len(only_digits(value)) <= 15


def _weak(value: str) -> bool:
    digits = only_digits(value)
    year = len(digits) == 8 and digits[:2] in {"19", "20"}  # a date written 2026-01-31 or 20260131
    return 7 <= len(digits) <= (15 if digits.startswith("00") else 13) and not year and len(set(digits)) > 2


RECOGNIZER = Recognizer(
    "phone",
    "PHONE",
    (
        shape(
            r"\+[1-9][0-9 ()\-.]",
            rf"(?<![0-9A-Za-z+])\+[1-9]\d{{0,3}}(?:[ .\-/]{{0,2}}(?:\(\d{{1,5}}\)|\d{{1,12}})){{1,7}}{_BEHIND}",
            check=_plausible,
        ),
        shape(
            r"\b0([0-9]{3}|[0-9]{1,2}(\)[ .\-/]?|[ .\-/])[0-9]{2})",
            rf"(?<![0-9A-Za-z.\-/+])\(?0\d{{1,4}}\)?(?:[ .\-/]{{0,3}}\d{{2,8}}){{1,5}}{_BEHIND}",
            check=_weak,
            cue=_CUE,
            score=0.8,
        ),
        shape(
            r"\b[1-9][0-9]{2}([0-9]{4}|[0-9]{2,3}[ .\-][0-9]{2}|[0-9]?[ .\-]([0-9]{4}|[0-9]{2,3}[ .\-][0-9]{2}))",
            rf"(?<![0-9A-Za-z.,\-/+#$€£¥])[1-9]\d{{2,3}}(?:[ .\-]?\d{{2,4}}){{2,4}}{_BEHIND}",
            check=_weak,
            cue=_CUE + NEAR,
            score=0.7,
        ),
        shape(
            r"\b0[1-9]([ .\-]?[0-9]{2}){4}\b",
            rf"(?<![0-9A-Za-z.\-/+])(?<![0-9] )0[1-9](?:[ .\-]\d{{2}}){{4}}{_BEHIND}{_NO_MORE_PAIRS}",
            score=0.85,
        ),
        shape(  # mobile numbers as Japan, Korea, Taiwan and Britain write them
            r"\b0(70|80|90|1[016789]|9[0-9]{2}|7[0-9]{3})[ \-][0-9]{3,4}",
            rf"(?<![0-9A-Za-z.\-/+])(?:0[789]0-\d{{4}}-\d{{4}}|01[016789]-\d{{3,4}}-\d{{4}}|09\d\d-\d{{3}}-\d{{3}}|07\d{{3}} \d{{6}}|07\d{{3}} \d{{3}} \d{{3}}){_BEHIND}",
            score=0.82,
        ),
        shape(  # Brazil's: two digits of the area, a nine
            r"\([1-9][1-9]\) ?9[0-9]{4}-",
            rf"\([1-9][1-9]\) ?9\d{{4}}-\d{{4}}{_BEHIND}",
            score=0.88,
        ),
        named(
            r"\btel\.|tel(é|e)fono|\btfno|\btlfn?\b",
            r"[89]\d \d{3} \d{2} \d{2}",
            score=0.85,
        ),
        named(  # Singapore's and Malaysia's
            r"\bhp( no| number)?[.:]|hand ?phone|paynow",
            r"[3689]\d{3} ?\d{4}|01\d-?\d{3,4} ?\d{4}",
            score=0.93,
        ),
        shape(  # surer than an address that runs on into it
            r"\b0[1-9]([ .\-]?[0-9]{2}){4}\b",
            rf"(?<![0-9A-Za-z.\-/+])0[1-9](?:[ .\-]\d{{2}}){{4}}{_BEHIND}",
            cue=_CUE + NEAR,
            score=0.93,
        ),
        shape(r"\b0[0-9]{3,5}/[0-9]{3}", rf"(?<![0-9/])0\d{{2,5}}/\d{{3,8}}{_BEHIND}", check=_weak, score=0.75),
    ),
)
