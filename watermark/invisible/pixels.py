"""The invisible mark of pictures on their luminance: laid on as repeated tiles, found again by lattice and phase.

What it withstands and what not is measured in docs/marking.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.invisible import code, lattice
from watermark.invisible.detected import Detected
from watermark.invisible.tile import SIDE, Carrier, carrier, limited, soft_signs, tile

Plane = NDArray[np.float32]

WORKING = 1024  # pixels of the shorter side in which tiles are measured; larger pictures carry larger tiles
LEAST = 192  # pixels of the shorter side
PSNR = 42.5  # decibels between a picture and its marked copy, before any encoder
THRESHOLD = 6.0  # standard deviations of the synchronisation's peak
_POSES, _PEAKS = 4, 2
_PLAUSIBLE = 3.5  # standard deviations of the lattice, below which a pose is not looked into
_FINE = 4  # places per pixel at which a tile may begin
TRIES = (_POSES + 1) * _PEAKS  # readings of one picture at most


def mark_plane(luminance: Plane, payload: int, key: bytes) -> Plane:
    """What to add to a luminance plane (0 to 255)."""
    height, width = luminance.shape
    ratio = max(1.0, min(height, width) / WORKING)
    pattern = tile(carrier(key), code.encode(payload, key))
    return _laid(pattern, luminance, _mask(luminance, ratio), ratio)


def _laid(pattern: NDArray[np.float64], luminance: Plane, mask: Plane, ratio: float) -> Plane:
    """The tiles over the whole picture, as strong as PSNR allows."""
    height, width = luminance.shape
    rows, columns = int(np.ceil(height / ratio)), int(np.ceil(width / ratio))
    plane = np.tile(pattern.astype(np.float32), (rows // SIDE + 1, columns // SIDE + 1))[:rows, :columns]
    if ratio > 1:
        matrix = np.array([[ratio, 0, 0], [0, ratio, 0]])
        size = (width, height)
        large = cv2.warpAffine(plane, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        plane = np.asarray(large, np.float32)
    delta = plane * mask
    strength = 255.0 / 10 ** (PSNR / 20)
    for _ in range(3):  # what white and black cut off is made up for elsewhere
        cut = np.clip(luminance + delta, 0, 255) - luminance
        delta = delta * np.float32(strength / max(float(np.sqrt(np.mean(np.square(cut)))), strength / 2))
    return delta


def find(luminance: Plane, key: bytes) -> Detected | None:
    """The mark in a luminance plane, however it was scaled (0.5 to 1.5), mirrored or turned (to 3 degrees)."""
    for score, payload in readings(luminance, key):
        if payload is not None:
            return Detected(payload, round(score, 2), THRESHOLD, code.false_positive_bound(TRIES))
    return None


def readings(luminance: Plane, key: bytes) -> Iterator[tuple[float, int | None]]:
    """Wherever a mark may lie, likeliest first: how well the known phases fit there, and the payload if its tag is right.

    What fits worse than THRESHOLD is told once for each pose and not read.
    """
    plane = _working(luminance)
    if min(plane.shape) < 64:
        return
    on = carrier(key)
    likely = lattice.poses(lattice.spectrum(_whitened(plane, 2.0)), _POSES)
    as_it_was = lattice.Pose(1.0, 1.0, 0.0, 0.0)
    for pose in [*(pose for pose in likely if pose.score >= _PLAUSIBLE), as_it_was]:
        for score, values in _aligned(on, _folded(plane, pose))[:_PEAKS]:
            if score < THRESHOLD:
                yield score, None
                break
            yield score, code.decode(soft_signs(on, values), key)


def _mask(luminance: Plane, ratio: float) -> Plane:
    """How much each place hides: little in the sky, more in the leaves."""
    fine = cv2.GaussianBlur(luminance, (0, 0), 2.5 * ratio)
    spread = np.sqrt(np.maximum(cv2.GaussianBlur((luminance - fine) ** 2, (0, 0), 4 * ratio), 0))
    mask: Plane = np.clip(0.6 + spread / 12, 0.6, 1.8).astype(np.float32)
    return mask


def _working(luminance: Plane) -> Plane:
    """At most WORKING pixels on the shorter side; a long picture is cut to its middle."""
    shorter = min(luminance.shape)
    if shorter > WORKING:
        ratio = WORKING / shorter
        size = (round(luminance.shape[1] * ratio), round(luminance.shape[0] * ratio))
        luminance = np.asarray(cv2.resize(luminance, size, interpolation=cv2.INTER_AREA), np.float32)
    height, width = (min(length, 3 * WORKING // 2) for length in luminance.shape)
    top, left = (luminance.shape[0] - height) // 2, (luminance.shape[1] - width) // 2
    return np.ascontiguousarray(luminance[top : top + height, left : left + width])


def _whitened(plane: Plane, sigma: float) -> Plane:
    """Without what is larger than the mark, every place as loud as any other."""
    rest = plane - cv2.GaussianBlur(plane, (0, 0), sigma)
    spread = np.sqrt(cv2.GaussianBlur(rest * rest, (0, 0), 2 * sigma)) + 1.5
    white: Plane = np.clip(rest / spread, -2.5, 2.5)
    return white


def _folded(plane: Plane, pose: lattice.Pose) -> NDArray[np.complex128]:
    """All tiles of a picture laid on one another, as a spectrum."""
    forward = pose.matrix()
    corners = np.array([[0, 0], [plane.shape[1], 0], [0, plane.shape[0]], [plane.shape[1], plane.shape[0]]])
    places = corners @ np.linalg.inv(forward).T
    low, high = places.min(axis=0), places.max(axis=0)
    columns, rows = (int(np.ceil(length / SIDE)) * SIDE for length in high - low)
    offset = forward @ low
    matrix = np.column_stack([forward, offset])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    flat = cv2.warpAffine(plane, matrix, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    white = _whitened(np.asarray(flat, np.float32), 2.5)
    if min(pose.across, pose.down) < 1 or pose.turn:
        inside = cv2.warpAffine(
            np.ones_like(plane), matrix, (columns, rows), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        )
        white = white * inside
    total = white.reshape(rows // SIDE, SIDE, columns // SIDE, SIDE).sum(axis=(0, 2))
    return np.fft.fft2(total)


def _aligned(on: Carrier, folded: NDArray[np.complex128]) -> list[tuple[float, NDArray[np.complex128]]]:
    """For each of the eight ways in which a picture may lie: how well the known phases fit, best first.

    With each the ring's values, shifted home.
    """
    found = []
    fit = np.empty((on.y.max() + 1, _FINE * SIDE), complex)
    row, column = on.y[on.sync], on.x[on.sync]
    # A frequency stands for its opposite too, but where the two are in one row.
    half = np.where(row > 0, 0.5, 1.0) * on.turns[on.sync].conj()
    for swap, flip_x, flip_y in product((False, True), (1, -1), (1, -1)):
        x, y = flip_x * on.x, flip_y * on.y
        values = folded[x % SIDE, y % SIDE] if swap else folded[y % SIDE, x % SIDE]
        values = limited(on, values)
        fit[:] = 0
        fit[row, column] = values[on.sync] * half
        surface = np.fft.irfft(np.ascontiguousarray(np.fft.ifft(fit).T), _FINE * SIDE)  # mean 0: the ring has no middle
        across, down = np.unravel_index(surface.argmax(), surface.shape)
        score = float(surface[across, down] / (np.sqrt(np.vdot(surface, surface) / surface.size) + 1e-12))
        shift = np.exp(2j * np.pi * (on.x * across + on.y * down) / (_FINE * SIDE))
        found.append((score, values * shift))
    return sorted(found, key=lambda pair: -pair[0])
