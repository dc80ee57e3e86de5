"""Chinese resident identity numbers (GB 11643-1999): checked; the 15-digit form of before 1999 only beside a cue."""

from __future__ import annotations

import re

from gateway.inspection.checksums import cn_resident
from gateway.inspection.recognizer import Recognizer, shape
from gateway.inspection.told import told

_BARE = 18


def _check(value: str) -> bool:
    return cn_resident(value if len(value) == _BARE else re.sub(r"[ \-]", "", value))


_ANNOUNCED = r"(?i)(身份证|身份證|证件|证号|shen ?fen ?zheng|\bid ?(card|no|number)|identity|sfz)"

RECOGNIZER = Recognizer(
    "cn_resident_id",
    "CN_ID",
    (
        shape(
            r"\b[1-9][0-9]{5}[ \-]?(18|19|20)[0-9]{2}[ \-]?[01][0-9][0-3][0-9][ \-]?[0-9]{3}[0-9Xx]\b",
            r"(?<![0-9A-Za-z])[1-9]\d{5}[ \-]?(?:18|19|20)\d\d[ \-]?[01]\d[0-3]\d[ \-]?\d{3}[0-9Xx](?![0-9A-Za-z])",
            check=_check,
            score=1.0,
        ),
        told(
            _ANNOUNCED,
            cn_resident,
            fewest=17,
            usual=r"0|[0-9]{6}[ \-]?[0-9]{8}[ \-]?[0-9]{3}[0-9Xx](?![0-9])",
            last="Xx",
            score=0.97,
        ),
    ),
    guarded=True,
)
