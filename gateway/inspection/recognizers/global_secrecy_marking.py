"""Markings that a document carries: Chinese state secrets (GB/T 9704 writes 机密★10年), company confidentiality."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.inspection.recognizer import Candidate, Recognizer, Shape, shape

_ALONE = re.compile(
    r"^[^\w\n]{0,12}(?P<value>COSMIC TOP SECRET|(?:NATO|UK|EU) (?:TOP SECRET|SECRET|CONFIDENTIAL)|TRÈS SECRET(?: UE)?"
    r"|SECRET UE|(?:TRÈS )?SECRET[- ]DÉFENSE|CONFIDENTIEL[- ]DÉFENSE|STRENG GEHEIM|VS(-|–|—)VERTRAULICH|特定秘密|防衛秘密|特別防衛秘密)"
    r"(?=[^\w\n]|$)[^\n]{0,60}$"
)
_LONGEST = 110


def _line(text: str, at: int) -> Iterable[Candidate]:
    """What states write, where a line begins with it; a sentence may name it."""
    begin = text.rfind("\n", max(0, at - 24), at) + 1
    end = text.find("\n", at, at + _LONGEST)
    found = _ALONE.match(text[begin : min(len(text), at + _LONGEST) if end < 0 else end])
    return () if found is None else ((begin + found.start("value"), begin + found.end("value"), 0.9),)


RECOGNIZER = Recognizer(
    "secrecy_marking",
    "MARKING",
    (
        shape(
            "(绝|机|秘)( |\u3000){0,4}密( |\u3000|\n){0,6}★",
            r"[绝机秘][ \u3000]{0,4}密[ \u3000\n]{0,6}★(?: ?\d{1,2} ?[年月]|[ \u3000]{0,4}长[ \u3000]{0,4}期)?",
            score=0.95,
        ),
        shape("密级", r"密级[：: ]{1,2}(?P<value>绝密|机密|秘密)", score=0.9),
        shape(
            "(【|\\[)(绝密|机密|秘密|内部资料|商业秘密)",
            r"[【\[](?P<value>绝密|机密|秘密|内部资料|商业秘密)[】\]]",
            score=0.85,
        ),
        shape(
            r"\b(SECRET|CONFIDENTIAL)//",
            r"(?:TOP )?(?:SECRET|CONFIDENTIAL)//[A-Z/ ]{2,30}",
            score=0.9,
            lead=4,
        ),
        shape(
            r"\bSECRET ?(-|–|—|/){1,2} ?[A-Z]",
            r"(?:TOP )?SECRET ?[-–—/]{1,2} ?[A-Z][A-Z/& ]{0,24}EYES ONLY",
            score=0.9,
            lead=4,
        ),
        *(
            Shape(anchor, _line)
            for anchor in (
                "NATO ",
                "COSMIC TOP",
                "(UK|EU) (TOP )?(SECRET|CONFID)",
                "SECRET (UE|D)",
                "SECRET-D",
                "DÉFENSE",
                "STRENG GEHEIM",
                "VS(-|–|—)VERTRAULICH",
                "特定秘密",
                "防衛秘密",
            )
        ),
        shape(
            r"\b(STRICTLY|COMPANY|HIGHLY|COMMERCIAL IN) CONFIDEN",
            r"(?:STRICTLY|COMPANY|HIGHLY) CONFIDENTIAL|COMMERCIAL IN CONFIDENCE",
            score=0.85,
        ),
    ),
)

_STATE = re.compile(
    r"[绝机秘]\s{0,4}密|TOP SECRET|(?:TRÈS )?SECRET|CONFIDENTIAL//|CONFIDENTIEL|COSMIC|(?:NATO|UK|EU) |STRENG GEHEIM|VS|特定|防衛|特別防衛"
)


def is_state(value: str) -> bool:
    """Whether a value of this recogniser marks a state secret rather than a company's."""
    return _STATE.match(value) is not None
