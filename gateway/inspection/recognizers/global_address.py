"""Addresses in the forms that have numbers in them: Chinese road and house, US street with state and ZIP, European street and postcode."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.inspection.named import named
from gateway.inspection.recognizer import Candidate, Recognizer, Shape, shape

_CN_END = re.compile(
    r"[号號](?:院)?(?:[一-鿿]{0,8}?[A-Za-z0-9\-]{1,6}(?:室|栋|幢|座|号楼|单元|楼|层|号|樓|層|號)){0,6}(?:\d{2,4}(?![0-9A-Za-z]))?"
)
_CN_BODY = re.compile(
    r"(?:[一-鿿]{2,8}(?:省|自治区|市|区|县|镇|乡|州|旗|區|縣|鎮|鄉))?[一-鿿A-Za-z0-9]{0,20}?[一-鿿]{1,8}(?:路|街|道|巷|弄|大道|胡同|里|村|园|苑|城|邨|園)"
    r"(?:[一二三四五六七八九十]段)?(?:\d{1,5}巷)?(?:\d{1,5}弄)?\d{1,5}$"
)
_CN_STOP = re.compile(r"(?:住址|地址|住|位于|地点|寄到|送到|送至|收货|家住|现居|户籍|在|是|为|于|到|至|址)")
_STREET = (
    r"Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Circle|Cir|Way|Place|Pl|Square|Sq|Parkway|Pkwy"
    r"|Terrace|Ter|Trail|Trl|Highway|Hwy|Crescent|Close|Loop|Alley|Plaza"
)
_STATE = r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]|A[AEP])"


def _chinese(text: str, at: int) -> Iterable[Candidate]:
    begin = max(0, at - 36)
    before = text[begin:at]
    body = _CN_BODY.search(before)
    if body is None:
        return ()
    start = begin + body.start()
    for stop in _CN_STOP.finditer(text, start, at):
        if stop.end() < at - 4:
            start = stop.end()
    end = _CN_END.match(text, at)
    return ((start, end.end() if end else at + 1, 0.7),)


RECOGNIZER = Recognizer(
    "address",
    "ADDRESS",
    (
        Shape("[0-9](号|號)", lambda text, at: _chinese(text, at + 1), expression=_CN_END.pattern),
        shape(
            rf"\b({_STREET})\b",
            rf"(?<![0-9A-Za-z])\d{{1,6}}[A-Za-z]? (?:[NSEW]\.? )?(?:[A-Z][A-Za-z'.\-]{{1,20}} ){{1,3}}(?:{_STREET})\b\.?"
            r"(?:,? (?:Apt|Suite|Ste|Unit|Floor|Fl|#)\.? ?[0-9A-Za-z\-]{1,6})?"
            rf"(?:,? (?:[A-Z][A-Za-z.\-]{{1,20}} ?){{1,3}},? {_STATE} \d{{5}}(?:-\d{{4}})?)?",
            lead=60,
            score=0.7,
        ),
        shape(
            rf"\b{_STATE} [0-9]{{5}}",
            rf"(?<![0-9A-Za-z])\d{{1,6}} (?:[A-Z0-9][A-Za-z0-9'.\-]{{0,20}},? ){{2,9}}{_STATE} \d{{5}}(?:-\d{{4}})?(?![0-9])",
            lead=90,
            score=0.7,
        ),
        named(r"eircode", r"[AC-FHKNPRTV-Y]\d[0-9W] ?[0-9AC-FHKNPRTV-Y]{4}", score=0.9),
        named(r"post_?code|post code|postal_?code", r"[A-Z]{1,2}\d[A-Z0-9]? ?\d[ABD-HJLNP-UW-Z]{2}", score=0.88),
        shape(r"(?i)\bP\.? ?O\.? Box [0-9]", r"(?i)P\.? ?O\.? Box \d{1,6}", score=0.7),
        shape(  # with its postcode it is sure, and no person's name
            r"([Ss]tra(ß|ss)e|[Ss]tr\.|[Ww]eg|[Pp]latz|[Aa]llee|gasse|[Rr]ing|[Dd]amm|[Uu]fer|[Mm]arkt) [0-9]",
            r"(?<![\w\-])(?:[A-ZÄÖÜ][a-zäöüß]{2,20}(?:er|en) (?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Allee|Ring|Damm|Ufer|Markt)"
            r"|(?:[A-ZÄÖÜ][\wäöüß]{1,20}-){0,3}(?:[A-ZÄÖÜ][\wäöüß]{0,30}?(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ring|damm|ufer|markt)"
            r"|(?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Allee|Ring|Damm|Ufer))) \d{1,4} ?[a-z]?(?:[\-/]\d{1,4})?"
            r"(?:,|\n)? ?(?:[A-Z]{1,2}-)?\d{4,5} [A-ZÄÖÜ][\wäöüß\-]{1,30}(?![0-9A-Za-z])",
            lead=40,
            score=0.93,
        ),
        shape(
            r"(straat|gracht|laan|plein|kade|singel|dijk) [0-9]",
            r"(?<![\w\-])(?:[A-Z][\w'\-]{1,20} )?[A-Z]?[\w'\-]{0,30}(?:straat|gracht|laan|plein|kade|singel|dijk) \d{1,5}(?:[ \-]?[A-Za-z0-9]{1,4})?"
            r"(?:,|\n)? ?\d{4} ?[A-Z]{2}(?: [A-Z][a-z\-]{2,30})?(?![0-9A-Za-z])",
            lead=40,
            score=0.93,
        ),
        shape(
            r"(stra(ß|ss)e|str\.|weg|platz|allee|gasse|ring|damm|ufer) [0-9]",
            r"(?:[A-ZÄÖÜ][\wäöüß.\-]{1,30}[ \-]?){0,3}?[A-ZÄÖÜ][\wäöüß\-]{0,30}(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer) \d{1,4} ?[a-z]?"
            r"(?:[\-/]\d{1,4})?(?:, ?\d{5} [A-ZÄÖÜ][\wäöüß\-]{1,30})?(?![0-9A-Za-z])",
            lead=40,
            score=0.7,
        ),
    ),
)
