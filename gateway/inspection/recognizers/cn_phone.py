"""Chinese telephone numbers: mobile (11 digits from 13) and fixed lines with area code."""

from __future__ import annotations

import re

from gateway.inspection.recognizer import Recognizer, shape
from gateway.inspection.told import told

_NOT_A_PHONE = r"(?:单号|订单号?|编号|流水号?|order|tracking|invoice|isbn|serial|account|acct|a/c)\s*(?:no|number|#)?[:：.#是为\s]{0,3}$"
_BEHIND = r"(?![0-9A-Za-z]|[.\-][0-9])"

_ANNOUNCED = (
    r"(?i)(手机|手機|电话|電話|微信|shou ?ji|dian ?hua|mobile|phone|\btel\b|whatsapp|\bcell\b|\bcall me\b|handynummer|rufnummer|telefon"
    r"|tel(e|é)fono|m(o|ó)vil|celular)"
)
_MOBILE = re.compile("1[3-9][0-9]{9}")
_SAID = re.compile("0[1-9][0-9]{8,11}|00[1-9][0-9]{8,12}|1[3-9][0-9]{9}|[2-9][0-9]{8,9}")


def _is_mobile(digits: str) -> bool:
    return _MOBILE.fullmatch(digits) is not None


def _is_said(digits: str) -> bool:
    """A number of some country as its people say it."""
    return _SAID.fullmatch(digits) is not None


RECOGNIZER = Recognizer(
    "cn_phone",
    "PHONE",
    (
        shape(
            r"\b1[3-9][0-9][ .\-]?[0-9]{4}[ .\-]?[0-9]{4}\b",
            rf"(?<![0-9.\-+])1[3-9]\d[ .\-]?\d{{4}}[ .\-]?\d{{4}}{_BEHIND}",
            unless=_NOT_A_PHONE,
        ),
        shape(
            r"(\+|\b00|\b)86\)?[ \-]?1[3-9][0-9]",
            rf"\(?(?:\+|00|(?<![0-9]))86\)?[ \-]?1[3-9]\d[ .\-]?\d{{4}}[ .\-]?\d{{4}}{_BEHIND}",
            lead=1,
            score=0.95,
        ),
        shape(
            r"\b0[1-9][0-9]{1,2}\)?[ \-]?[2-9][0-9]{6,7}\b",
            rf"(?<![0-9.\-])\(?0(?:10|2\d|[3-9]\d{{2}})(?:\)[ \-]?|[ \-])[2-9]\d{{6,7}}(?:-\d{{1,5}}| ?转 ?\d{{1,5}})?{_BEHIND}",
            unless=_NOT_A_PHONE,
        ),
        told(
            _ANNOUNCED,
            _is_mobile,
            fewest=11,
            usual=r"[02-9]|1[0-9]{2}[ .\-]?[0-9]{4}[ .\-]?[0-9]{4}",
            said=_is_said,
            score=0.88,
            said_score=0.85,
        ),
    ),
)
