"""Korean business registration numbers: in their usual groups, checked."""

from __future__ import annotations

from gateway.inspection import country_checksums
from gateway.inspection.checksums import only_digits
from gateway.inspection.recognizer import Recognizer, shape

RECOGNIZER = Recognizer(
    "kr_business_number",
    "TAX_ID",
    (
        shape(
            r"\b[1-9][0-9]{2}-[0-9]{2}-[0-9]{5}\b",
            r"(?<![0-9A-Za-z.\-])[1-9]\d{2}-\d{2}-\d{5}(?![0-9A-Za-z]|[.\-][0-9])",
            check=lambda value: country_checksums.kr_business(only_digits(value)),
            score=0.88,
        ),
    ),
)
