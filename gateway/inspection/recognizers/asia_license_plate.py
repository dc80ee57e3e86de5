"""Licence plates of Japan, Korea and Taiwan, behind a word for the plate or the car."""

from __future__ import annotations

from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer

RECOGNIZER = Recognizer(
    "asia_license_plate",
    "LICENSE_PLATE",
    (
        named(
            "ナンバー|車両|車番|登録番号",
            r"[一-鿿ぁ-ん]{1,4} ?\d{2,3} ?[ぁ-ん] ?(?:\d{2}-\d{2}|[・·.]{1,3}\d{1,3})",
            score=0.93,
        ),
        named("차량|번호판|차번호|자동차", r"(?:[가-힣]{2} ?)?\d{2,3} ?[가-힣] ?\d{4}", score=0.93),
        named("車牌|牌照|車號", r"[A-Z]{2,3}-\d{3,4}|\d{3,4}-[A-Z]{2,3}|[A-Z]\d-\d{3,4}", score=0.9),
    ),
)
