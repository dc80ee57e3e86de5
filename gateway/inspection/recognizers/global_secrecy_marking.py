"""Markings that a document carries: Chinese state secrets (GB/T 9704 writes 机密★10年), company confidentiality."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape

RECOGNIZER = Recognizer(
    "secrecy_marking",
    "MARKING",
    (
        shape("(绝密|机密|秘密) ?★", r"(?:绝密|机密|秘密) ?★(?: ?\d{1,2} ?[年月]|长期)?", score=0.95),
        shape("密级", r"密级[：: ]{1,2}(?P<value>绝密|机密|秘密)", score=0.9),
        shape(
            "(【|\\[)(绝密|机密|秘密|内部资料|商业秘密)",
            r"[【\[](?P<value>绝密|机密|秘密|内部资料|商业秘密)[】\]]",
            score=0.85,
        ),
        shape(r"\bTOP SECRET//", r"TOP SECRET//[A-Z/ ]{2,30}", score=0.9),
        shape(
            r"\b(STRICTLY|COMPANY|HIGHLY|COMMERCIAL IN) CONFIDEN",
            r"(?:STRICTLY|COMPANY|HIGHLY) CONFIDENTIAL|COMMERCIAL IN CONFIDENCE",
            score=0.85,
        ),
    ),
)

STATE = ("绝密", "机密", "秘密", "TOP SECRET")
"""How a value begins that marks a state secret rather than a company's."""
