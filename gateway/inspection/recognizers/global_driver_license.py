"""Driving licence numbers: forms differ too much to know them without a word that says so."""

from __future__ import annotations

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
        shape(r"(?i)\bdriver_?licen[cs]e", rf"(?i)driver_?licen[cs]e{_GAP}{_VALUE}", check=_check, score=0.85),
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
        shape("(驾驶证|驾照|驾驶执照)", rf"(?:驾驶证|驾照|驾驶执照)[^\n]{{0,14}}?{_VALUE}", check=_check, score=0.85),
        shape(
            r"(?i)(f(ü|ue)hrerschein|permis de conduire|carn(e|é)t? de conducir|licencia de conducir|permiso de conducir|patente di guida|rijbewijs)",
            rf"(?i)(?:f(?:ü|ue)hrerschein|permis de conduire|carn(?:e|é)t? de conducir|licencia de conducir|permiso de conducir|patente di guida|rijbewijs){_GAP}{_VALUE}",
            check=_check,
            score=0.85,
        ),
    ),
)
