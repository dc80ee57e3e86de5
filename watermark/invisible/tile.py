"""The pattern that is laid over a picture again and again: a square tile, made in the frequency domain from a key.

All frequencies of a ring have one magnitude, so that a picture that carries the tile shows a lattice in its spectrum,
by which its scale and rotation are found. A third of the phases are known under the key and tell where the tile begins;
the others carry the signs of the code, two each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import shake_256

import numpy as np
from numpy.typing import NDArray

from watermark.invisible.code import CODED

SIDE = 128  # pixels
LOW, HIGH = 5.0, 28.0  # cycles per tile: below is what eyes see, above is what JPEG throws away
_BAND = 2.0  # cycles per tile
_KNOWN = 3  # every third frequency is for synchronisation

Complexes = NDArray[np.complex128]
Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Carrier:
    """Frequencies (cycles per tile, half of the plane) and what each of them is for, under one key."""

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    turns: Complexes = field(repr=False)  # phase of each frequency before any sign is put on it
    sync: NDArray[np.bool_] = field(repr=False)
    bands: NDArray[np.int64] = field(repr=False)  # frequencies alike in height, between which pictures differ most
    signs: NDArray[np.int64] = field(repr=False)  # which coded sign each of the two parts of a data frequency carries


def ring() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The frequencies of the ring, one of each pair of opposite ones."""
    side = np.arange(-int(HIGH), int(HIGH) + 1)
    x, y = (grid.ravel() for grid in np.meshgrid(side, side))
    radius = np.hypot(x, y)
    keep = (radius >= LOW) & (radius <= HIGH) & ((y > 0) | ((y == 0) & (x > 0)))
    return x[keep], y[keep]


def carrier(key: bytes) -> Carrier:
    """The carrier under a key: always the same, on every machine."""
    x, y = ring()
    dice = np.frombuffer(shake_256(b"lexgate image tile" + key).digest(16 * x.size + 16 * x.size), "<u8")
    turns = np.exp(2j * np.pi * (dice[: x.size] / 2.0**64))
    order = np.argsort(dice[x.size : 2 * x.size], kind="stable")
    sync = np.zeros(x.size, bool)
    sync[order[::_KNOWN]] = True
    places = int(2 * (~sync).sum())
    signs = np.empty(places, np.int64)
    signs[np.argsort(dice[2 * x.size : 2 * x.size + places], kind="stable")] = np.arange(places) % CODED
    bands = ((np.hypot(x, y) - LOW) / _BAND).astype(np.int64)
    return Carrier(x, y, turns, sync, bands, signs)


def tile(on: Carrier, coded: Reals) -> Reals:
    """One tile that carries these signs: mean 0, standard deviation 1."""
    values = on.turns.copy()
    first, second = coded[on.signs].reshape(2, -1)
    values[~on.sync] *= (first + 1j * second) / np.sqrt(2)
    spectrum = np.zeros((SIDE, SIDE), complex)
    spectrum[on.y % SIDE, on.x % SIDE] = values
    spectrum[-on.y % SIDE, -on.x % SIDE] = values.conj()
    pattern = np.fft.ifft2(spectrum).real
    even: Reals = pattern / pattern.std()
    return even


def limited(on: Carrier, values: Complexes) -> Complexes:
    """Spectral values of which none is much louder than its band: what is loud for other reasons has little to say."""
    usual = np.sqrt(np.bincount(on.bands, np.abs(values) ** 2) / np.bincount(on.bands))[on.bands] + 1e-12
    even: Complexes = values / (np.abs(values) + 0.5 * usual)
    return even


def soft_signs(on: Carrier, values: Complexes) -> Reals:
    """The coded signs as weighted sums, from the ring's spectral values with all shifts undone."""
    data = (values * on.turns.conj())[~on.sync]
    parts = np.concatenate([data.real, data.imag])
    sums: Reals = np.bincount(on.signs, parts, CODED).astype(np.float64)
    return sums
