"""Licence plates of Japan, Korea, Taiwan and India, behind a word for the plate or the car."""

from __future__ import annotations

from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer

_REGION = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_USE = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자배하허호"
"""Syllables of Korean plates: each stands for what the car is used for."""

_STATE = "AN|AP|AR|AS|BR|CG|CH|DD|DL|GA|GJ|HP|HR|JH|JK|KA|KL|LA|LD|MH|ML|MN|MP|MZ|NL|OD|OR|PB|PY|RJ|SK|TG|TN|TR|TS|UA|UK|UP|WB"

RECOGNIZER = Recognizer(
    "asia_license_plate",
    "LICENSE_PLATE",
    (
        named(
            "ナンバー|車両|車番|登録番号",
            r"(?:[一-鿿]{1,4}|なにわ|いわき|つくば|とちぎ) ?\d{2,3} ?[ぁ-ん] ?(?:\d{2}-\d{2}|[・·.]{1,3}\d{1,3})",
            score=0.93,
        ),
        named("차량|번호판|차번호|자동차", rf"(?:(?:{_REGION}) ?)?\d{{2,3}} ?[{_USE}] ?\d{{4}}", score=0.93),
        named("車牌|牌照|車號", r"[A-Z]{2,3}-\d{3,4}|\d{3,4}-[A-Z]{2,3}|[A-Z]\d-\d{3,4}", score=0.9),
        named(
            r"vehicle|\brc\b|registration|number plate|car no",
            rf"(?:{_STATE})[ \-]?\d{{1,2}}[A-Z]?[ \-]?[A-Z]{{1,3}}[ \-]?\d{{4}}",
            gap=20,
            score=0.9,
        ),
    ),
)
