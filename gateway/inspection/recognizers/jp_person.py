"""Japanese names in the fields of forms, behind a word for a name: ideographs, or the katakana of bank accounts."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

_FIELD = "氏名|お名前|名義(人)?|担当者|受取人|送り主|届け先|患者名|宛名"
_NAME = r"(?:[一-鿿々ヶ]{1,4}[ 　][一-鿿ぁ-んァ-ヶ々]{1,4}|[一-鿿々]{3,5}|[ァ-ヶー]{2,8}[ 　][ァ-ヶー]{2,8})"

RECOGNIZER = Recognizer(
    "jp_person",
    "PERSON",
    (
        shape(
            f"({_FIELD})",
            rf"(?:{_FIELD})(?:は|が)?(?:[ 　\t]?[:：][ 　\t]?|[ 　\t]|(?<=は))(?P<value>{_NAME})(?![一-鿿ァ-ヶー々])",
            score=0.88,
        ),
    ),
)
