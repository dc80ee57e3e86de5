"""Finds how a marked picture was scaled and turned, from the lattice that its tiles leave in its spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.invisible.tile import SIDE, ring

Plane = NDArray[np.float32]
Reals = NDArray[np.float64]

SCALES = (0.42, 1.75)  # searched, in pixels of the picture per pixel of the tile
TURN = 0.075  # radians searched to either side: 4.3 degrees
_FINEST = 0.0025  # logarithm of scale, and radians, between neighbours of the first grid
_CLIP = 8.0  # no single frequency may decide
_EDGE = 0.47  # cycles per pixel: nothing is left beyond
_WHOLE = 0.5  # scale from which on the whole ring is within the edge, however it is turned
_BELOW = 8  # a lattice that is turned by so little has no frequency of the ring lower than -1/8 cycles per pixel
_SOME = 4  # the first grid looks at one frequency in so many


@dataclass(frozen=True, slots=True)
class Pose:
    """How the tile lies in a picture: pixels of the picture per pixel of the tile, each way, and radians turned."""

    across: float
    down: float
    turn: float
    score: float  # standard deviations above an unmarked picture's

    def matrix(self) -> Reals:
        """From tile pixels to pixels of the picture."""
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return np.array([[self.across * cos, -self.down * sin], [self.across * sin, self.down * cos]])


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Power by frequency, relative to the power around it; 1 on average where nothing stands out."""

    power: Plane  # rows: vertical frequency from -1/8 to 1/2; columns: horizontal, from -1/2 to 1/2
    size: int  # frequencies in one cycle per pixel: a power of 2
    step: float  # of a grid that misses no lattice: what moves the outermost frequency by half its width

    def at(self, x: Reals, y: Reals) -> NDArray[np.float32]:
        """The power nearest to frequencies in 1 / `size` cycles per pixel."""
        place = np.rint(y).astype(np.intp)
        place += self.size // _BELOW
        place *= self.power.shape[1]
        place += np.rint(x).astype(np.intp)
        place += self.size // 2
        return self.power.ravel().take(place)


def spectrum(plane: Plane) -> Spectrum:
    """The spectrum of a whitened picture of at most 1,024 pixels a side (larger ones are cut)."""
    height, width = min(plane.shape[0], 1024), min(plane.shape[1], 1024)
    top, left = (plane.shape[0] - height) // 2, (plane.shape[1] - width) // 2
    window = np.outer(_window(height), _window(width)).astype(np.float32)
    size = 1024 if max(height, width) <= 640 else 2048
    values = np.fft.rfft2(plane[top : top + height, left : left + width] * window, s=(size, size))
    power = (values.real**2 + values.imag**2).astype(np.float32)
    around = cv2.blur(power, (41, 41), borderType=cv2.BORDER_REFLECT)
    step = max(_FINEST, 2.5 / max(height, width))
    return Spectrum(_unwrapped(np.minimum(power / (around + 1e-9), _CLIP)), size, step)


def _unwrapped(power: Plane) -> Plane:
    """The spectrum of a real plane (rows wrapped, columns from 0 to 1/2) with its mirror image, as far as it is asked."""
    size = power.shape[0]
    low, half = size // _BELOW, size // 2
    table = np.empty((low + half + 1, size + 1), np.float32)
    table[:low, half:] = power[size - low :]
    table[low:, half:] = power[: half + 1]
    opposite = (-np.arange(-low, half + 1)) % size
    table[:, :half] = power[opposite, half:0:-1]
    return table


def poses(of: Spectrum, count: int) -> Sequence[Pose]:
    """The likeliest poses, best first."""
    x, y = (grid.astype(np.float64) / SIDE for grid in ring())
    scales = np.exp(np.arange(np.log(SCALES[0]), np.log(SCALES[1]), of.step))
    turns = np.arange(-TURN, TURN + of.step / 2, of.step)
    scores = np.stack([_scores(of, x[::_SOME], y[::_SOME], scales, turn) for turn in turns])
    found: list[Pose] = []
    for place in np.argsort(scores, axis=None)[::-1][: 40 * count]:
        turn, scale = np.unravel_index(place, scores.shape)
        pose = (float(scales[scale]), float(turns[turn]))
        if all(
            abs(np.log(pose[0] / other.across)) > 3 * of.step or abs(pose[1] - other.turn) > 3 * of.step
            for other in found
        ):
            found.append(Pose(pose[0], pose[0], pose[1], float(scores[turn, scale])))
        if len(found) == count:
            break
    return sorted((_refined(of, x, y, pose) for pose in found), key=lambda pose: -pose.score)


def _scores(of: Spectrum, x: Reals, y: Reals, scales: Reals, turn: float) -> Reals:
    """For each scale, how far the lattice stands out."""
    cos, sin = np.cos(turn), np.sin(turn)
    small = int((scales < _WHOLE).sum())
    return np.concatenate(
        [
            _standing_out(
                of, (x * cos - y * sin) * of.size / part[:, None], (x * sin + y * cos) * of.size / part[:, None]
            )
            for part in (scales[:small], scales[small:])
        ]
    )


def _refined(of: Spectrum, x: Reals, y: Reals, pose: Pose) -> Pose:
    """By all frequencies, each way on its own, on ever finer grids."""
    best = pose
    step = of.step
    for _ in range(4):
        offsets = np.array([-2, -1, 0, 1, 2]) * step / 2
        across, down, turn = best.across * np.exp(offsets), best.down * np.exp(offsets), best.turn + offsets
        cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
        u, v = of.size * x / across[:, None, None], of.size * y / down[:, None, None]
        fx = (u * cos)[:, None] - (v * sin)[None]  # by scale across, scale down, turn, frequency
        fy = (u * sin)[:, None] + (v * cos)[None]
        scores = _standing_out(of, fx, fy)
        a, d, t = np.unravel_index(int(scores.argmax()), scores.shape)
        best = Pose(float(across[a]), float(down[d]), float(turn[t]), float(scores[a, d, t]))
        step /= 2
    return best


def _standing_out(of: Spectrum, x: Reals, y: Reals) -> Reals:
    """How far frequencies (last axis, in 1 / size cycles per pixel) stand out together, those beyond the edge left out."""
    edge = _EDGE * of.size
    if x.size == 0 or max(x.max(), -x.min(), y.max(), -y.min()) < edge:
        power = of.at(x, y)
        power -= 1
        whole: Reals = power.sum(axis=-1) / np.sqrt(x.shape[-1])
        return whole
    inside = (np.abs(x) < edge) & (np.abs(y) < edge)
    power = of.at(np.where(inside, x, 0.0), np.where(inside, y, 0.0))
    scores: Reals = np.where(inside, power - 1, 0).sum(axis=-1) / np.sqrt(np.maximum(inside.sum(axis=-1), 1))
    return scores


def _window(length: int) -> Reals:
    """Flat but for its ends (Tukey, a quarter)."""
    ramp = np.minimum(1, np.minimum(np.arange(length) + 0.5, length - np.arange(length) - 0.5) / (length / 8))
    window: Reals = 0.5 - 0.5 * np.cos(np.pi * ramp)
    return window
