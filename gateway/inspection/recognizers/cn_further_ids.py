"""Chinese papers beside the resident identity card: foreigners' permanent residence, officers', soldiers', police."""

from __future__ import annotations

from gateway.inspection.checksums import cn_check_character
from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer


def _residence(value: str) -> float | bool:
    """Fifteen characters since 2004; eighteen digits since 2023, checked as a resident's."""
    return 0.9 if len(value) == 15 else cn_check_character(value) and 0.97


RECOGNIZER = Recognizer(
    "cn_further_ids",
    "NATIONAL_ID",
    (
        named("永久居留|永居证|永居卡|五星卡", r"[A-Z]{3}\d{12}|9\d{16}[0-9Xx]", check=_residence),
        named("军官证|士兵证|文职干部证|警官证|士官证", r"[一-鿿]{1,3}字第?\d{4,8}|\d{6,8}", gap=10),
    ),
)
