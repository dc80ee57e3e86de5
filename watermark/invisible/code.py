"""The bits of an invisible mark: 64 of payload, 32 of a keyed tag, and a convolutional code that mends what was lost.

The code has rate 1/4 and 256 states (generators 463, 535, 733, 745 in octal; Larsen, "Short convolutional codes with
maximal free distance", 1973), ended by zeros and decoded by Viterbi's algorithm from soft values. The tag is a keyed
hash of the payload: whatever a decoder reads in content that was never marked passes for one key in 2**32.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

PAYLOAD_BITS, TAG_BITS = 64, 32
_MEMORY = 8
_GENERATORS = (0o463, 0o535, 0o733, 0o745)
STEPS = PAYLOAD_BITS + TAG_BITS + _MEMORY
CODED = STEPS * len(_GENERATORS)
"""How many signs a mark has."""

Values = NDArray[np.float64]


def encode(payload: int, key: bytes) -> Values:
    """The CODED signs (1 or -1) of a payload."""
    state, signs = 0, []
    for bit in [*_bits(payload, key), *[0] * _MEMORY]:
        register = bit << _MEMORY | state
        signs += [1.0 if (register & generator).bit_count() % 2 else -1.0 for generator in _GENERATORS]
        state = register >> 1
    return np.array(signs)


def decode(soft: Values, key: bytes) -> int | None:
    """The payload whose signs are nearest to these values, if its tag is right under the key."""
    bits = _viterbi(soft.reshape(STEPS, len(_GENERATORS)))
    payload = int("".join(map(str, bits[:PAYLOAD_BITS])), 2)
    return payload if bits[: PAYLOAD_BITS + TAG_BITS] == _bits(payload, key) else None


def false_positive_bound(tries: int) -> float:
    """The probability over keys that one of `tries` readings of unmarked content has a right tag (union bound)."""
    return tries * 2.0**-TAG_BITS


def _bits(payload: int, key: bytes) -> list[int]:
    tag = blake2b(payload.to_bytes(8, "big"), key=key, digest_size=TAG_BITS // 8, person=b"lexgate mark tag").digest()
    return [int(bit) for bit in f"{payload:064b}{int.from_bytes(tag, 'big'):032b}"]


def _viterbi(soft: Values) -> list[int]:
    """The likeliest input of the encoder. State s was reached by the bit s >> 7 from one of two earlier states."""
    states = np.arange(1 << _MEMORY)
    bit = states >> (_MEMORY - 1)
    before = np.stack([(states << 1) & 0xFF, (states << 1) & 0xFF | 1])
    registers = bit << _MEMORY | before
    expected = np.stack(
        [np.where(np.bitwise_count(registers & generator) % 2, 1.0, -1.0) for generator in _GENERATORS], axis=-1
    )
    best = np.full(states.size, -np.inf)
    best[0] = 0.0
    choices = np.empty((STEPS, states.size), np.uint8)
    for step, values in enumerate(soft):
        reached = best[before] + expected @ values
        choices[step] = reached.argmax(axis=0)
        best = reached.max(axis=0)
    state, bits = 0, []
    for step in range(STEPS - 1, -1, -1):
        bits.append(int(bit[state]))
        state = int(before[choices[step, state], state])
    return bits[::-1][: PAYLOAD_BITS + TAG_BITS]
