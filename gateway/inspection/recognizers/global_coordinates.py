"""Coordinates precise to some ten metres (four decimals or more), beside a word or sign that says what they are."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

_CUE = r"(?:\blat|\blon|\blng|gps|coord|geo|position|location|home|resid|track|trip|waypoint|pick-?up|drop-?off|坐标|经度|纬度|经纬|定位|位置|住址|地址|轨迹|行程|上车|下车|途经|起点|终点|停留)"
_PAIR = r"(?<![0-9A-Za-z.])-?(?:[1-8]?\d|90)\.\d{4,8}°? ?[NS北南]?[,，;/ ]{1,3}-?(?:1[0-7]\d|\d{1,2}|180)\.\d{4,8}(?![0-9A-Za-z.])"
_PAIR_LON_FIRST = r"(?<![0-9A-Za-z.])-?(?:1[0-7]\d|\d{1,2}|180)\.\d{4,8}°? ?[EW东西]?[,，;/ ]{1,3}-?(?:[1-8]?\d|90)\.\d{4,8}(?![0-9A-Za-z.])"
_ONE = r"(?<![0-9A-Za-z.])-?(?:1[0-7]\d|\d{1,2}|180)\.\d{4,8}(?![0-9A-Za-z.])"
_PAIR_AFTER_TIME = r"-?[1-8]\d\.\d{4,8}[,，;/ \t]{1,3}-?(?:1[0-7]\d|\d{2})\.\d{4,8}(?![0-9A-Za-z.])"

RECOGNIZER = Recognizer(
    "coordinates",
    "COORDINATES",
    (
        shape(r"\b[0-9]{1,3}\.[0-9]{4}", _PAIR, cue=_CUE, score=0.9),
        shape(r"\b[0-9]{1,3}\.[0-9]{4}", _PAIR_LON_FIRST, cue=_CUE, score=0.88),
        shape(
            r"\b[0-9]{2}\.[0-9]{4}",
            _PAIR_AFTER_TIME,
            cue=r"\d{2}:\d{2}(?::\d{2})?(?:\.\d{1,6})?(?:z|[+-]\d{2}:?\d{2})?[\"']?[,;\t ]{1,3}-?$",
            score=0.85,
        ),
        shape(
            r"\b[0-9]{1,3}\.[0-9]{4}",
            _ONE,
            cue=r"(?:\b(?:lat|lon|lng|latitude|longitude)|经度|纬度)[\"':：= ]{1,4}-?$",
            score=0.85,
        ),
    ),
)
