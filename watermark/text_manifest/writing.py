"""The manifest of a text on its way out: deltas in, deltas out, the wrapper as the last one."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Literal

from watermark.errors import MarkingFailed
from watermark.manifest import assertions
from watermark.manifest.cbor import encode
from watermark.manifest.store import Stretch, make_store
from watermark.marking import MarkingKeys, Origin, Signer
from watermark.text_wrapper import MAGIC, encoded, size_of, wrap

_LONGEST_TAIL = 64  # characters without a boundary: the Stream-Safe Text Format (UAX #15 §13) allows 30
JOINING = frozenset(
    "\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf\u0fb5\u0fb7\u102e\u1b35"
    "\U00011127\U0001133e\U00011357\U000114b0\U000114ba\U000114bd\U000115af\U00011930"
) | {chr(point) for first, last in ((0x1161, 0x1176), (0x11A8, 0x11C3)) for point in range(first, last)}
"""Characters that are no combining marks and yet may become one with the character before them: Indic vowel signs and
Hangul jamo. A test compares them with this Python's Unicode data."""

Reason = Literal["", "short", "not NFC", "not text", "carries another"]
"""Why a text got no wrapper; "" while nothing speaks against one."""


class TextManifest:
    """One text on its way out. `reason` says after `end` why there is no manifest, if there is none."""

    __slots__ = ("_digest", "_keys", "_length", "_origin", "_read", "_recent", "_shortest", "_tail", "reason")

    def __init__(self, origin: Origin, keys: MarkingKeys, shortest: int = 0) -> None:
        """`shortest`: code points below which a text is not worth 9 KB of invisible ones."""
        self._origin, self._keys, self._shortest = origin, keys, shortest
        self._digest, self._length, self._read = sha256(), 0, 0
        self._tail, self._recent = "", ""
        self.reason: Reason = ""

    def push(self, delta: str) -> str:
        """The delta as it is. Nothing is held back; what is known of the text grows by it."""
        if self.reason or not delta:
            return delta
        try:
            encoded = delta.encode()
        except UnicodeEncodeError:
            self.reason = "not text"
            return delta
        self._digest.update(encoded)
        self._length += len(encoded)
        self._read += len(delta)
        self._check(delta)
        return delta

    def end(self) -> str:
        """The wrapper as the last delta, or "" with a `reason`. Raises MarkingFailed."""
        if not self.reason and (self._read < max(self._shortest, 1)):
            self.reason = "short"
        if self.reason:
            return ""
        if self._keys.signer is None:
            raise MarkingFailed("a C2PA manifest is demanded, but there is no content-signing key")
        return _wrapper(self._digest.digest(), self._length, self._origin, self._keys.signer)

    def _check(self, delta: str) -> None:
        """The new stretch with what stands before it, up to the last place where nothing can combine."""
        text, recent = self._tail + delta, self._recent + delta
        if encoded(MAGIC) in recent:
            self.reason = "carries another"
        elif not unicodedata.is_normalized("NFC", text):
            self.reason = "not NFC"
        else:
            self._tail, self._recent = _tail(text), recent[1 - len(MAGIC) :]
            if len(self._tail) > _LONGEST_TAIL:
                self.reason = "not NFC"


def _wrapper(digest: bytes, start: int, origin: Origin, signer: Signer) -> str:
    said = {
        "c2pa.actions.v2": assertions.created(origin),
        assertions.ORIGIN_LABEL: assertions.origin_assertion(origin, origin.ingredients),
    }
    store_size = _frame(signer.algorithm, signer.certificates) + sum(len(encode(one)) - 1 for one in said.values())
    store_size += len(encode(start)) - 1
    length = size_of(store_size)
    while length != (grown := size_of(store_size + len(encode(length)) - 1)):  # it tells its own size
        length = grown
    store, _ = make_store(digest, said, signer, left_out=Stretch(start, length))
    return wrap(store, length)


@lru_cache(maxsize=16)
def _frame(algorithm: Literal["es256", "ed25519"], certificates: bytes) -> int:
    """Bytes of a store that says nothing: what is said, and two numbers, come on top."""
    nothing: dict[str, dict[str, str]] = {"c2pa.actions.v2": {}, assertions.ORIGIN_LABEL: {}}
    store, _ = make_store(bytes(32), nothing, _Unsigned(algorithm, certificates), left_out=Stretch(0, 0))
    return len(store)


@dataclass(frozen=True, slots=True)
class _Unsigned:
    """A signer for measuring: right in size, worth nothing."""

    algorithm: Literal["es256", "ed25519"]
    certificates: bytes

    def sign(self, data: bytes) -> bytes:
        return bytes(64)


def _tail(text: str) -> str:
    """From the last character on that begins anew, whatever stands before it (UAX #15 §9.1)."""
    for at in range(len(text) - 1, max(len(text) - _LONGEST_TAIL - 2, -1), -1):
        character = text[at]
        if character < "\u0300" or not (unicodedata.combining(character) or character in JOINING):
            return text[at:]
    return text[-_LONGEST_TAIL - 1 :]
