"""MAC addresses (IEEE 802): six octets; not the head of a longer fingerprint, not all zeros or ones."""

from __future__ import annotations

from gateway.inspection.recognizer import Recognizer, shape


def _check(value: str) -> bool:
    return len(set(value.lower()) - set(":-.")) > 2


RECOGNIZER = Recognizer(
    "mac_address",
    "MAC_ADDRESS",
    (
        shape(
            r"\b[0-9A-Fa-f]{2}[:\-][0-9A-Fa-f]{2}[:\-][0-9A-Fa-f]{2}[:\-][0-9A-Fa-f]{2}[:\-][0-9A-Fa-f]{2}[:\-][0-9A-Fa-f]{2}\b",
            r"(?<![0-9A-Za-z])(?<![0-9A-Fa-f][:\-])[0-9A-Fa-f]{2}([:\-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![0-9A-Za-z]|[:\-][0-9A-Fa-f]{2})",
            check=_check,
            score=0.97,
        ),
        shape(
            r"\b[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\b",
            r"(?<![0-9A-Za-z.])[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?![0-9A-Za-z]|\.[0-9A-Fa-f])",
            check=_check,
            cue=r"(?:\bmac\b|hardware|arp|switch|cisco|router|interface|wlan|wifi)",
            score=0.85,
        ),
        shape(
            r"(?i)\bmac\b",
            r"(?i)mac(?: address| addr)?[^\n0-9a-f]{0,6}(?<![0-9A-Za-z])(?P<value>[0-9A-Fa-f]{12})(?![0-9A-Za-z])",
            check=_check,
            score=0.8,
        ),
    ),
)
