"""Dates of birth: a date in any of the usual forms beside a word for birth."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

_CUE = (
    r"(?:\bborn\b|\bdob\b|d\.o\.b|\bbirth|birthda(?:y|te)|date_of_birth"
    r"|出生|生(?<![发产]生)于|生日|诞生|\bgeb(?:oren|urtsdatum|\.|\b)|\bn(?:é|ée|ee)\b|date de naissance|naissance|naiss\."
    r"|\bnat[oa]\b|nascita|nacid[oa]|nacimiento|fecha de nac|urodz|geboren|nascido|nasc\.)"
)
_CLOSE = _CUE + r"[^\n0-9]{0,22}$"
_AFTER = r"^\s{0,2}[(（]?\s?(?:出生|生(?!产|效|成)|born\b|birth|né|nato|geb)"
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mai|mär|maer|okt|dez|janv|févr|fevr|avr|juin|juil|août|aout|déc"
    r"|ene|abr|ago|dic|gen|mag|giu|lug|set|ott)"
)
_MONTH_ANCHOR = (
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mai|okt|dez|avr|juin|juil|ao|d.?.?c|f.?.?vr|m.?.?r|ene|abr|ago|dic|gen|mag|giu"
    r"|lug|set|ott)"
)

RECOGNIZER = Recognizer(
    "date_of_birth",
    "DATE_OF_BIRTH",
    (
        shape(
            r"\b(18|19|20)[0-9]{2}[\-/.][0-9]{1,2}[\-/.][0-9]",
            r"(?<![0-9])(?:18|19|20)\d\d([\-/.])(?:1[0-2]|0?[1-9])\1(?:3[01]|[12]\d|0?[1-9])(?![0-9])",
            cue=_CLOSE,
            cue_after=_AFTER,
            score=0.9,
        ),
        shape(
            "\\b(18|19|20)[0-9]{2} ?年",
            r"(?<![0-9])(?:18|19|20)\d\d ?年 ?\d{1,2} ?月(?: ?\d{1,2} ?[日号])?",
            cue=_CLOSE,
            cue_after=_AFTER,
            score=0.9,
        ),
        shape(
            "(生年月日|出生年月日|出生日期|生日|誕生日|생년월일|생일|출생)",
            r"[一-鿿가-힣]{2,5}[^\n0-9一-鿿]{0,6}(?P<value>(?:昭和|平成|令和|大正|民國|民国)?\s?(?:\d{1,4}|元) ?[年년] ?\d{1,2} ?[月월] ?\d{1,2} ?[日日号일])",
            score=0.93,
        ),
        shape(
            r"\b(18|19|20)[0-9]{2}[01][0-9][0-3][0-9]\b",
            r"(?<![0-9A-Za-z])(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?![0-9A-Za-z])",
            cue=_CLOSE,
            score=0.85,
        ),
        shape(
            r"\b[0-9]{1,2}[\-/.] ?[0-9]{1,2}[\-/.] ?[0-9]{2}",
            r"(?<![0-9])(?:3[01]|[12]\d|0?[1-9])([\-/.]) ?(?:3[01]|[12]\d|0?[1-9])\1 ?(?:(?:18|19|20)\d\d|\d\d)(?![0-9])",
            cue=_CLOSE,
            cue_after=_AFTER,
            score=0.9,
        ),
        shape(
            rf"(?i)\b{_MONTH_ANCHOR}[a-z]{{0,6}}\.? ?[0-9]{{1,2}}(st|nd|rd|th)?,? ",
            rf"(?i)(?<![A-Za-z]){_MONTH}[a-zéû]{{0,6}}\.? ?\d{{1,2}}(?:st|nd|rd|th)?,? ?(?:18|19|20)\d\d(?![0-9])",
            cue=_CLOSE,
            score=0.9,
        ),
        shape(
            rf"(?i)\b[0-9]{{1,2}}(st|nd|rd|th|\.|er)? ?(de |of |-)?{_MONTH_ANCHOR}",
            rf"(?i)(?<![0-9])\d{{1,2}}(?:st|nd|rd|th|\.|er)?[ \-]?(?:de |of )?{_MONTH}[a-zéû]{{0,6}}\.?,?[ \-](?:de |del )?(?:18|19|20)?\d\d(?![0-9])",
            cue=_CLOSE,
            score=0.9,
        ),
    ),
)
