"""Placeholders: typed, keyed, stable over turns without state, and not to be guessed.

`⟦PERSON_7f3a…⟧` carries the first 64 bits of HMAC-SHA256 over (tenant, principal, label, value): the same value gets
the same placeholder in each turn of one principal, another principal gets another, and nobody without the key can make
or test one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

OPEN, CLOSE = "⟦", "⟧"
HEX_DIGITS = 16
PLACEHOLDERS = re.compile(rf"{OPEN}[A-Z][A-Z_]*(?:_[0-9a-f]{{{HEX_DIGITS}}})?{CLOSE}")
"""Everything that has the form of a placeholder."""

SECRET_LABELS = frozenset({"API_KEY", "PASSWORD", "JWT", "PRIVATE_KEY", "CONNECTION_STRING"})
"""Values of these labels never come back: their placeholder has an identity but is not restorable."""


@dataclass(frozen=True, slots=True)
class Restorable:
    """What a placeholder stands for. Lives for one call; no repr of the value."""

    label: str
    value: str = field(repr=False)


class PlaceholderKey:
    """Makes the placeholders of one principal of one tenant."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes, tenant: str, principal: str) -> None:
        scope = b"\x00".join(part.encode() for part in (str(len(tenant)), tenant, principal))
        self._key = hmac.digest(key, scope, "sha256")

    def make(self, label: str, value: str) -> str:
        digest = hmac.new(self._key, f"{label}\x00{value}".encode(), hashlib.sha256).hexdigest()
        return f"{OPEN}{label}_{digest[:HEX_DIGITS]}{CLOSE}"


def anonymous(label: str) -> str:
    """The replacement of operator `remove`: says what stood there, not which one."""
    return f"{OPEN}{label}{CLOSE}"
