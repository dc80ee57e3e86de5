"""Korean addresses: region, city or district, road or quarter, and number."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

_REGION = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충청|충북|충남|전라|전북|전남|경상|경북|경남|제주"

RECOGNIZER = Recognizer(
    "kr_address",
    "ADDRESS",
    (
        shape(
            f"({_REGION})",
            rf"(?:{_REGION})(?:특별자치시|특별자치도|특별시|광역시|북도|남도|시|도)?(?: [가-힣]{{1,6}}(?:시|군|구)){{0,2}}"
            r"(?: [가-힣0-9]{1,10}(?:읍|면|동|리|로|길|가)){1,3} ?\d{1,4}(?:-\d{1,4})?(?:번지)?"
            r"(?:,? ?(?:[가-힣A-Za-z]{2,12} ?)?\d{1,4}(?:동|층|호)){0,3}",
            score=0.94,
        ),
    ),
)
