"""Chinese telephone numbers: mobile (11 digits from 13) and fixed lines with area code."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

_NOT_A_PHONE = r"(?:单号|订单号?|编号|流水号?|order|tracking|invoice|isbn|serial|account|acct|a/c)\s*(?:no|number|#)?[:：.#是为\s]{0,3}$"
_BEHIND = r"(?![0-9A-Za-z]|[.\-][0-9])"

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
    ),
)
