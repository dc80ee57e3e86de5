"""Keyed fingerprints of texts by winnowing: enough to recognise an excerpt later, too little to read it.

Schleimer, Wilkerson, Aiken, "Winnowing: local algorithms for document fingerprinting" (SIGMOD 2003). The text is cut
into words (five in a row make a gram) and, where a script writes no spaces, into characters (eight in a row). Of every
window of neighbouring grams the smallest hash is kept, so two texts that share 8 words, or 13 such characters, in a row
share a mark. Marks are 64-bit BLAKE2b values under the tenant's key: without it they neither match nor tell anything.

Case, punctuation, white space, width and invisible characters do not matter. Paraphrase and translation are not found:
"no match" never means "not ours".
"""

from __future__ import annotations

import base64
import binascii
import importlib
import unicodedata
from dataclasses import dataclass
from functools import cache, partial
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watermark.characters import characters
from watermark.errors import BadFingerprint

_native: Any
try:
    _native = importlib.import_module("watermark._fingerprint")
except ImportError:  # no compiler was there when this was installed
    _native = None

Marks = NDArray[np.uint64]
"""A fingerprint: sorted, distinct 64-bit marks."""

WORDS, WORD_WINDOW = 5, 4
CHARACTERS, CHARACTER_WINDOW = 8, 6
_SEPARATOR, _WORD, _CHARACTER, _INVISIBLE = 0, 1, 2, 3
_TABLE_END = 0x20000
_SURE, _ENOUGH, _TENTH = 20, 5, 100
_PIECE, _OVERLAP = 262_144, 1024  # characters
_MASK = (1 << 64) - 1
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_UNSPACED = (  # scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han, kana and Han extensions
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3040, 0x30FF), (0x31F0, 0x31FF),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x1B000, 0x1B16F),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Likeness:
    """What two fingerprints share. `of_query` and `of_stored` are parts per thousand of each one's marks."""

    shared: int
    of_query: int
    of_stored: int

    @property
    def related(self) -> bool:
        """Whether the one comes from the other.

        Twenty shared marks always say so, five if they are a tenth of the shorter text (documents about like things
        share that many turns of phrase), two if they are half of a short query. Measured: `benchmarks.fingerprints`.
        """
        if self.shared >= _SURE:
            return True
        if self.shared >= _ENOUGH:
            return max(self.of_query, self.of_stored) >= _TENTH
        return self.shared >= 2 and self.of_query >= 500


def winnow(text: str, key: bytes) -> Marks:
    """The fingerprint of a text under a key of 16 to 64 bytes; empty when the text is too short to be recognised."""
    if len(text) > _PIECE + _OVERLAP:  # piece by piece, so that memory stays flat
        starts = range(0, len(text) - _OVERLAP, _PIECE)
        return np.unique(np.concatenate([winnow(text[start : start + _PIECE + _OVERLAP], key) for start in starts]))
    secret = blake2b(b"lexgate fingerprint", key=key, digest_size=32).digest()
    if _native is None:
        return _in_numpy(_folded(text), key, secret)
    rest = key, secret, WORDS, WORD_WINDOW, CHARACTERS, CHARACTER_WINDOW
    known = characters()
    marks = _native.marks(text, _kinds(), known.folds, known.several, *rest)
    if marks is None:  # a character acts on its neighbours
        marks = _native.marks(_folded(text), _kinds(), b"", b"", *rest)
    return np.frombuffer(marks, np.uint64)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _in_numpy(folded: str, key: bytes, secret: bytes) -> Marks:
    """What `native/fingerprint.c` does, step by step: its oracle, and in its place where it was not built."""
    base, step, salt, final = (int.from_bytes(secret[i : i + 8], "little") for i in range(0, 32, 8))
    points, kinds = _read(folded)
    with np.errstate(over="ignore"):  # all arithmetic is modulo 2**64 by intent
        mixed = _mix(points.astype(np.uint64) ^ np.uint64(salt))
        words = _grams(_word_hashes(mixed, kinds == _WORD, base | 1), WORDS, step | 1)
        characters = _grams(mixed[kinds == _CHARACTER], CHARACTERS, step | 1)
    chosen = (
        (b"w", _minima(words, WORD_WINDOW)),
        (b"c", _minima(characters, CHARACTER_WINDOW)),
    )
    prf = partial(blake2b, key=key, digest_size=8, salt=final.to_bytes(8, "little") + bytes(8))
    values = [
        prf(kind + data[at : at + 8]).digest()
        for kind, hashes in chosen
        for data in (hashes.astype("<u8").tobytes(),)
        for at in range(0, len(data), 8)
    ]
    return np.unique(np.frombuffer(b"".join(values), np.uint64))


def likeness(query: Marks, stored: Marks) -> Likeness:
    """Compare two fingerprints made with the same key."""
    shared = int(np.intersect1d(query, stored, assume_unique=True).size)
    return Likeness(shared, _per_thousand(shared, query.size), _per_thousand(shared, stored.size))


def encode(marks: Marks) -> str:
    """As text for the record: URL-safe base64 of the marks, little endian, without padding."""
    raw = marks.astype("<u8", copy=False).data
    return binascii.b2a_base64(raw, newline=False).rstrip(b"=").translate(_URL_SAFE).decode()


def decode(text: str) -> Marks:
    """The inverse of `encode`. Raises BadFingerprint."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        marks: Marks = np.unique(np.frombuffer(raw, "<u8").astype(np.uint64))
    except (binascii.Error, ValueError) as error:
        raise BadFingerprint("not a fingerprint") from error
    return marks


def _read(folded: str) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Code points of the folded text and what each is, invisible ones left out."""
    points = np.frombuffer(folded.encode("utf-32-le", "replace"), np.uint32)
    table = _kinds()
    if points.size and int(points.max()) >= _TABLE_END:
        kinds = np.where(points < _TABLE_END, table[np.minimum(points, _TABLE_END - 1)], _beyond(points))
    else:
        kinds = table[points]
    if (kinds == _INVISIBLE).any():
        seen = kinds != _INVISIBLE
        return points[seen], kinds[seen]
    return points, kinds


def _beyond(points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Above the table: Han extensions, tags and variation selectors, everything else separates."""
    kinds = np.zeros(points.size, np.uint8)
    kinds[(points >= 0x20000) & (points < 0x40000)] = _CHARACTER
    kinds[(points >= 0xE0000) & (points < 0xE0200)] = _INVISIBLE
    return kinds


@cache
def _kinds() -> NDArray[np.uint8]:
    """What each code point of the first two planes is; made once (15 ms), read-only."""
    of = dict.fromkeys(("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Mn", "Mc", "Me"), _WORD) | {"Cf": _INVISIBLE}
    categories = map(unicodedata.category, map(chr, range(_TABLE_END)))
    table = np.array([of.get(category, _SEPARATOR) for category in categories], np.uint8)
    for first, last in _UNSPACED:
        part = table[first : last + 1]
        part[part == _WORD] = _CHARACTER
    table[0xFE00:0xFE10] = _INVISIBLE
    table.setflags(write=False)
    return table


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finalizer of MurmurHash3: every bit of the input moves every bit of the output."""
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return values ^ (values >> np.uint64(33))


def _word_hashes(mixed: NDArray[np.uint64], inside: NDArray[np.bool_], base: int) -> NDArray[np.uint64]:
    """One hash per run of word characters: a polynomial over the run, taken from prefix sums modulo 2**64."""
    if not inside.any():
        return np.empty(0, np.uint64)
    padded = np.zeros(inside.size + 2, np.bool_)
    padded[1:-1] = inside
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    lengths = edges[1::2] - edges[::2]
    letters = mixed[inside]  # what stands between the runs is left out: in unspaced scripts that is nearly all
    ends = np.cumsum(lengths)
    starts = ends - lengths
    sums = np.zeros(letters.size + 1, np.uint64)
    np.cumsum(letters * _powers(base, letters.size), out=sums[1:])
    inverse = _powers(pow(base, -1, 1 << 64), letters.size)
    return _mix((sums[ends] - sums[starts]) * inverse[starts] + lengths.astype(np.uint64))


def _powers(base: int, count: int) -> NDArray[np.uint64]:
    """base**0, base**1, … modulo 2**64."""
    powers = np.full(count, base, np.uint64)
    powers[0] = 1
    return np.cumprod(powers)


def _grams(tokens: NDArray[np.uint64], length: int, step: int) -> NDArray[np.uint64]:
    """A hash for each `length` tokens in a row."""
    count = tokens.size - length + 1
    if count <= 0:
        return np.empty(0, np.uint64)
    total = np.zeros(count, np.uint64)
    power = 1
    for offset in range(length):
        total += tokens[offset : offset + count] * np.uint64(power)
        power = power * step & _MASK
    return _mix(total)


def _minima(hashes: NDArray[np.uint64], window: int) -> NDArray[np.uint64]:
    """The smallest hash of every window; of a text shorter than one window, its smallest."""
    if hashes.size == 0:
        return hashes
    if hashes.size <= window:
        return hashes[[hashes.argmin()]]
    count = hashes.size - window + 1
    smallest = hashes[:count].copy()
    for offset in range(1, window):
        np.minimum(smallest, hashes[offset : offset + count], out=smallest)
    other = np.append(True, smallest[1:] != smallest[:-1])  # one gram is the smallest of several windows
    chosen: Marks = smallest[other]
    return chosen


def _per_thousand(part: int, whole: int) -> int:
    return part * 1000 // whole if whole else 0
