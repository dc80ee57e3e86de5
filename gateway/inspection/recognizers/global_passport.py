"""Passport numbers: Chinese ones by their form, others only beside a word for passport."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

_CUE = r"(?:passport|护照|護照|旅行证|通行证|台胞证|回乡证|reisepass|passeport|pasaporte|passaporto|paspoort|travel document|签证|visa)"
_VALUE = r"(?<![0-9A-Za-z])(?P<value>(?=(?:[A-Za-z]{0,4}\d){4})[A-Za-z0-9]{6,12})(?![0-9A-Za-z]|[\-/.][0-9])"

RECOGNIZER = Recognizer(
    "passport",
    "PASSPORT",
    (
        shape(
            r"\b[EGPSDegpsd][A-Za-z]?[0-9]{7,8}\b",
            r"(?<![0-9A-Za-z])(?:[EGPSDegpsd]\d{8}|[EeDdSsPp][A-Za-z]\d{7})(?![0-9A-Za-z])",
            cue=_CUE,
            cue_after=_CUE,
            score=0.92,
        ),
        shape(
            r"(?i)(passport|passeport|pasaporte|passaport[eo]|reisepass|paspoort|paszport|pasaport)",
            rf"(?i)[a-z]{{8,10}}[^\n]{{0,28}}?{_VALUE}",
            score=0.85,
        ),
        shape(
            r"\b[A-Za-z]{0,2}[0-9]{6,9}\b",
            r"(?<![0-9A-Za-z.\-/])[A-Za-z]{0,2}\d{6,9}(?![0-9A-Za-z]|[.\-/][0-9])",
            cue_after=r"^[ (（,]{0,3}(?:[A-Za-z一-鿿]{2,12} )?(?:passport|护照|護照)",
            score=0.75,
        ),
        shape(
            r"\bP[A-Z<][A-Z]{3}[A-Z]{1,30}<<",
            r"P[A-Z<][A-Z]{3}[A-Z<]{39}(?:\s{1,2}[A-Z0-9<]{44})?",
            score=0.98,
        ),
        shape(
            "(护照|護照|通行证|台胞证|回乡证|旅券|パスポート|여권)",
            rf"(?:护照|護照|通行证|台胞证|回乡证|旅券|パスポート|여권)[^\n]{{0,16}}?{_VALUE}",
            score=0.85,
        ),
    ),
)
