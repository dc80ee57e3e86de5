"""Driving licence numbers: forms differ too much to know them without a word that says so."""

from __future__ import annotations

from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer, shape

_VALUE = r"(?<![0-9A-Za-z])(?P<value>(?=[A-Za-z0-9\-]{0,12}\d{3})[A-Za-z]{0,5}\d[A-Za-z0-9]*(?:[ \-]\d[A-Za-z0-9]*){0,4})(?![0-9A-Za-z])"
_GAP = r"[^\n]{0,24}?"


def _check(value: str) -> bool:
    return 5 <= len(value) <= 20


RECOGNIZER = Recognizer(
    "driver_license",
    "DRIVER_LICENSE",
    (
        shape(
            r"(?i)(driver'?s?'?|driving) licen[cs]e",
            rf"(?i)(?:driver'?s?'?|driving) licen[cs]e{_GAP}{_VALUE}",
            check=_check,
            score=0.85,
        ),
        shape(
            r"(?i)driver[’`]s licen[cs]e".replace("[’`]", "(’|`)"),
            rf"(?i)driver[’`]s licen[cs]e{_GAP}{_VALUE}",
            check=_check,
            score=0.85,
        ),
        shape(
            r"(?i)\bdrivers?_?licen[cs]e", rf"(?i)drivers?_?licen[cs]e[^\n]{{0,36}}?{_VALUE}", check=_check, score=0.85
        ),
        shape(
            r"(?i)\blicen[cs]e (no|number|#)",
            rf"(?i)licen[cs]e (?:no\.?|number|#){_GAP}{_VALUE}",
            check=lambda value: len(value) >= 7,
            score=0.6,
        ),
        shape(
            r"\b(DL|D/L|DLN)[ :#]",
            rf"(?:DLN|DL|D/L)(?: ?(?:no\.?|number|#))?[ :#]{{1,3}}{_VALUE}",
            check=_check,
            score=0.8,
        ),
        shape(
            "(驾驶证|驾照|驾驶执照|免許証|駕照|駕駛執照|운전면허)",
            rf"(?:驾驶证|驾照|驾驶执照|免許証|駕照|駕駛執照|운전면허)[^\n]{{0,14}}?{_VALUE}",
            check=_check,
            score=0.85,
        ),
        shape(
            r"(?i)(f(ü|ue)hrerschein|permis de conduire|carn(e|é)t? de conducir|licencia de conducir|permiso de conducir|patente di guida|rijbewijs|prawo jazdy|prawa jazdy|carteira de motorista|carteira nacional de hab)",
            rf"(?i)(?:f(?:ü|ue)hrerschein|permis de conduire|carn(?:e|é)t? de conducir|licencia de conducir|permiso de conducir|patente di guida|rijbewijs|prawo jazdy|prawa jazdy|carteira de motorista|carteira nacional de hab){_GAP}{_VALUE}",
            check=_check,
            score=0.85,
        ),
        named(r"licen[cs]e|\bdl\b", r"[A-Z]{2}[\- ]?\d{2}[\- ]?(?:19|20)\d{9}", score=0.92),  # India's
        named(r"\bpermis\b|prawo jazdy|prawa jazdy", r"\d{2}[A-Z]{2}\d{5}|\d{12}|\d{5}/\d{2}/\d{4}", score=0.85),
        named(r"\bcnh\b", r"\d{11}", gap=8, score=0.88),
        named(r"\bpatente\b", r"U1[A-Za-z0-9]{7}[A-Z]|[A-Z]{2}\d{7}[A-Z]", score=0.88),
    ),
)
