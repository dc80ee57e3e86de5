"""From text to token features: in C (`native/tagger.c`), and where that was not built in a few passes of NumPy.

A token is one Han character, one run of letters, one run of digits, or one other visible character; white space
separates and makes no token. Every token has seven features, each a 32-bit hash that is looked up in the model's
vocabulary: for letters and digits the lower-case word, its prefixes and suffixes and its shape; for Han characters
the character and the n-grams around it; for all of them the layout (what white space stands before and after).

Several texts are read in one pass, joined by a separator of white space that is longer than any n-gram reaches, so
that the features of a text do not depend on its neighbours.
"""

from __future__ import annotations

import importlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_native: Any
try:
    _native = importlib.import_module("gateway.inspection.names._tagger")
except ImportError:  # no compiler was there when this was installed
    _native = None

FEATURES = 7
"""Features of one token."""

SEPARATOR = "\n\x1e\n"
"""White space only (no token), and wider than the two characters that an n-gram reaches to either side."""

_BASE = 1_000_003  # of the polynomial rolling hash, arithmetic modulo 2**64; odd, hence invertible
_LAST = 0xFFFF  # code points above the first plane are read as this one, Han supplements as _RARE_HAN
_RARE_HAN = 0x3400

SPACE, LETTER, DIGIT, HAN, OTHER = range(5)

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class CharacterTable:
    """What the featuriser knows of the 65536 characters of the first plane.

    The table travels with the model, so that an interpreter with a newer Unicode database reads text as the model
    was taught to.
    """

    kind: NDArray[np.uint8]  # SPACE … OTHER
    lower: NDArray[np.uint16]  # the lower-case character, where that is one character
    upper: NDArray[np.bool_]

    @classmethod
    def of_this_interpreter(cls) -> CharacterTable:
        """Build the table from `unicodedata`; training does this once (about 60 ms)."""
        kind = np.full(_LAST + 1, OTHER, np.uint8)
        lower = np.arange(_LAST + 1, dtype=np.uint16)
        upper = np.zeros(_LAST + 1, np.bool_)
        for code in range(_LAST + 1):
            char = chr(code)
            category = unicodedata.category(char)
            if char.isspace():
                kind[code] = SPACE
            elif 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or code == 0x3007:
                kind[code] = HAN
            elif category[0] in "LM":
                kind[code] = LETTER
            elif category[0] == "N":
                kind[code] = DIGIT
            small = char.lower()
            if len(small) == 1 and ord(small) <= _LAST:
                lower[code] = ord(small)
            upper[code] = category == "Lu"
        return cls(kind, lower, upper)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a block of texts, in order. Text `i` owns tokens `first[i]` to `first[i + 1]`."""

    start: Ints  # in code points of the token's own text
    end: Ints
    hashes: NDArray[np.uint32]  # (tokens, FEATURES), never 0
    kind: NDArray[np.uint8]
    first: Ints  # one more than there are texts


class Featuriser:
    """Reads texts into tokens and feature hashes. Immutable; holds two tables of `capacity` powers (16 bytes each)."""

    def __init__(self, table: CharacterTable, capacity: int) -> None:
        """`capacity` is the most code points of one block, separators included."""
        self._table = table
        self.capacity = capacity
        power = np.full(capacity + 1, _BASE, np.uint64)
        inverse = np.full(capacity + 1, pow(_BASE, -1, 1 << 64), np.uint64)
        power[0] = inverse[0] = 1
        self._power: Hashes = np.cumprod(power)
        self._inverse: Hashes = np.cumprod(inverse)

    def read(self, texts: Sequence[str]) -> Tokens:
        """Tokens of all `texts`. Raises ValueError if they are longer than the capacity."""
        joined = SEPARATOR + SEPARATOR.join(texts) + SEPARATOR
        if len(joined) > self.capacity:
            raise ValueError(f"block of {len(joined)} code points is over the capacity of {self.capacity}")
        start, end, hashes, kinds = self._in_c(joined) if _native is not None else self._in_numpy(joined)
        if len(texts) == 1:  # most calls: nothing to part
            return Tokens(start - len(SEPARATOR), end - len(SEPARATOR), hashes, kinds, np.array((0, len(start))))
        lengths = np.fromiter((len(text) for text in texts), np.int64, len(texts)) + len(SEPARATOR)
        edges = np.concatenate(([len(SEPARATOR)], len(SEPARATOR) + np.cumsum(lengths)))
        first = np.searchsorted(start, edges)
        offset = np.repeat(edges[:-1], np.diff(first))
        return Tokens(start - offset, end - offset, hashes, kinds, first)

    def _in_c(self, joined: str) -> tuple[Ints, Ints, NDArray[np.uint32], NDArray[np.uint8]]:
        table = self._table
        start, end, hashes, kinds = _native.features(joined, table.kind, table.lower, table.upper)
        return (
            np.frombuffer(start, np.int64),
            np.frombuffer(end, np.int64),
            np.frombuffer(hashes, np.uint32).reshape(-1, FEATURES),
            np.frombuffer(kinds, np.uint8),
        )

    def _in_numpy(self, joined: str) -> tuple[Ints, Ints, NDArray[np.uint32], NDArray[np.uint8]]:
        codes = _codes(joined)
        kinds = self._table.kind[codes]
        start, end = _boundaries(kinds)
        return start, end, self._hashes(codes, kinds, start, end), kinds[start]

    def _hashes(self, codes: Ints, kinds: NDArray[np.uint8], start: Ints, end: Ints) -> NDArray[np.uint32]:
        out = np.zeros((len(start), FEATURES), np.uint32)
        if not len(start):
            return out
        lower: Hashes = self._table.lower[codes].astype(np.uint64)
        han = kinds[start] == HAN
        words = np.flatnonzero(~han)
        if len(words):
            out[words, :6] = self._word_hashes(codes, lower, kinds[start[words]], start[words], end[words])
        characters = np.flatnonzero(han)
        if len(characters):
            out[characters, :6] = _han_hashes(lower, start[characters])
        out[:, 6] = _layout_hashes(codes, start, end)
        return out

    def _word_hashes(
        self, codes: Ints, lower: Hashes, kind: NDArray[np.uint8], start: Ints, end: Ints
    ) -> NDArray[np.uint32]:
        length = len(lower)
        prefix: Hashes = np.zeros(length + 1, np.uint64)
        np.cumsum(lower * self._power[:length], out=prefix[1:])

        def between(a: Ints, b: Ints) -> Hashes:
            """Hash of the characters a to b, wherever they stand."""
            return (prefix[b] - prefix[a]) * self._inverse[a]

        size = end - start
        word = between(start, end)
        word = np.where(kind == DIGIT, np.uint64(77) + np.minimum(size, 12).astype(np.uint64), word)  # numbers: length
        capitals = np.zeros(length + 1, np.int64)
        upper = self._table.upper[codes]
        np.cumsum(upper, out=capitals[1:])
        count = capitals[end] - capitals[start]
        case = np.where(
            count == 0, 0, np.where(count == size, 1, np.where(upper[start] & (count == 1), 2, 3))
        )  # none, all, first only, other
        shape = kind.astype(np.int64) * 64 + case * 16 + np.minimum(size, 10)
        columns = (
            _mix(word, 1),
            _mix(between(start, np.minimum(start + 4, end)), 2),
            _mix(between(start, np.minimum(start + 2, end)), 3),
            _mix(between(np.maximum(end - 3, start), end), 4),
            _mix(between(np.maximum(end - 2, start), end), 5),
            _mix(shape.astype(np.uint64), 6),
        )
        return np.stack(columns, axis=1)


def _codes(text: str) -> Ints:
    """Code points, those above the first plane replaced by a stand-in. Lone surrogates are ordinary characters."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    high = codes > _LAST
    if high.any():
        codes = np.where(high, np.where((codes >= 0x20000) & (codes < 0x33480), _RARE_HAN, _LAST), codes)
    return codes


def _boundaries(kinds: NDArray[np.uint8]) -> tuple[Ints, Ints]:
    """Starts and ends (exclusive) of tokens: a change of kind; Han and other characters stand alone."""
    begins = np.empty(len(kinds), np.bool_)
    begins[0] = True
    begins[1:] = (kinds[1:] != kinds[:-1]) | (kinds[1:] >= HAN)
    ends = np.empty(len(kinds), np.bool_)
    ends[-1] = True
    ends[:-1] = begins[1:]
    visible = kinds > SPACE
    return np.flatnonzero(begins & visible), np.flatnonzero(ends & visible) + 1


def _mix(value: Hashes, salt: int) -> NDArray[np.uint32]:
    """32 well-mixed bits of a value and the kind of feature it is (after splitmix64); odd, so never 0."""
    value = (value + np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return (value >> np.uint64(32)).astype(np.uint32) | np.uint32(1)


def _han_hashes(lower: Hashes, start: Ints) -> NDArray[np.uint32]:
    """The character, two bigrams and three trigrams that contain it. Separators keep start ± 2 inside the block."""
    before2, before1, here, after1, after2 = (lower[start + step] for step in (-2, -1, 0, 1, 2))
    wide, odd = np.uint64(0x100000), np.uint64(31)
    columns = (
        _mix(here, 11),
        _mix(here * wide + after1, 12),
        _mix(before1 * wide + here, 13),
        _mix((here * wide + after1) * wide + after2 * odd, 14),
        _mix((before2 * wide + before1) * wide + here * odd, 15),
        _mix((before1 * wide + here) * wide + after1 * odd, 16),
    )
    return np.stack(columns, axis=1)


def _layout_hashes(codes: Ints, start: Ints, end: Ints) -> NDArray[np.uint32]:
    """What stands between a token and its neighbours: nothing, blanks, or a line break."""
    breaks = np.zeros(len(codes) + 1, np.int64)
    np.cumsum(codes == 10, out=breaks[1:])
    before = np.full(len(start), 2, np.int64)
    before[1:] = (start[1:] > end[:-1]).astype(np.int64) + (breaks[start[1:]] > breaks[end[:-1]])
    after = np.zeros(len(start), np.int64)
    after[:-1] = before[1:]
    after[-1] = 2
    return _mix((before * 3 + after).astype(np.uint64), 21)
