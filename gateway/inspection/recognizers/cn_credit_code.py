"""Chinese unified social credit codes (GB 32100-2015), checked."""

from __future__ import annotations

from gateway.inspection.checksums import cn_credit_code
from gateway.inspection.recognizer import Recognizer, shape


def _check(value: str) -> bool:
    return cn_credit_code(value.upper())


RECOGNIZER = Recognizer(
    "cn_credit_code",
    "USCC",
    (
        shape(
            r"\b[1-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy][1-59][0-9]{6}[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{10}\b",
            r"(?<![0-9A-Za-z])[1-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy][1-59]\d{6}[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{10}(?![0-9A-Za-z])",
            check=_check,
            score=0.99,
        ),
        shape(
            r"\b[1-9A-Y][1-59][0-9]{6}[0-9A-Y]{10}\b",
            r"(?<![0-9A-Za-z])[1-9A-Y][1-59]\d{6}[0-9A-Y]{10}(?![0-9A-Za-z])",
            cue=r"(?:信用代码|税号|纳税人识别号|\buscc\b|credit code)",
            score=0.85,
        ),
    ),
)
