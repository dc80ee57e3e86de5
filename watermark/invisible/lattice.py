"""Finds how a marked picture was scaled and turned, from the lattice that its tiles leave in its spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.invisible.tile import SIDE, ring

Plane = NDArray[np.float32]

SCALES = (0.42, 1.75)  # searched, in pixels of the picture per pixel of the tile
TURN = 0.075  # radians searched to either side: 4.3 degrees
_FINEST = 0.0025  # logarithm of scale, and radians, between neighbours of the first grid
_CLIP = 8.0  # no single frequency may decide
_EDGE = 0.47  # cycles per pixel: nothing is left beyond
_SOME = 4  # the first grid looks at one frequency in so many


@dataclass(frozen=True, slots=True)
class Pose:
    """How the tile lies in a picture: pixels of the picture per pixel of the tile, each way, and radians turned."""

    across: float
    down: float
    turn: float
    score: float  # standard deviations above an unmarked picture's

    def matrix(self) -> NDArray[np.float64]:
        """From tile pixels to pixels of the picture."""
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return np.array([[self.across * cos, -self.down * sin], [self.across * sin, self.down * cos]])


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Power by frequency, relative to the power around it; 1 on average where nothing stands out."""

    power: Plane  # rows: vertical frequency from 0, wrapped; columns: horizontal, 0 to 1/2
    size: int
    step: float  # of a grid that misses no lattice: what moves the outermost frequency by half its width

    def at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float32]:
        """The power nearest to frequencies in cycles per pixel."""
        flip = np.where(x < 0, -1.0, 1.0)
        column = np.rint(x * flip * self.size).astype(np.int32)
        row = np.rint(y * flip * self.size).astype(np.int32) % self.size
        found: NDArray[np.float32] = self.power.ravel()[row * self.power.shape[1] + column]
        return found


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
    return Spectrum(np.minimum(power / (around + 1e-9), _CLIP), size, step)


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


def _scores(
    of: Spectrum, x: NDArray[np.float64], y: NDArray[np.float64], scales: NDArray[np.float64], turn: float
) -> NDArray[np.float64]:
    """For each scale, how far the lattice stands out."""
    cos, sin = np.cos(turn), np.sin(turn)
    across, down = (x * cos - y * sin) / scales[:, None], (x * sin + y * cos) / scales[:, None]
    inside = (np.abs(across) < _EDGE) & (np.abs(down) < _EDGE)
    power = of.at(np.where(inside, across, 0.0), np.where(inside, down, 0.0))
    count = np.maximum(inside.sum(axis=1), 1)
    scores: NDArray[np.float64] = np.where(inside, power - 1, 0).sum(axis=1) / np.sqrt(count)
    return scores


def _refined(of: Spectrum, x: NDArray[np.float64], y: NDArray[np.float64], pose: Pose) -> Pose:
    """By all frequencies, each way on its own, on ever finer grids."""
    best = pose
    score = -np.inf
    step = of.step
    for _ in range(4):
        offsets = np.array([-2, -1, 0, 1, 2]) * step / 2
        a, d, t = (grid.ravel() for grid in np.meshgrid(offsets, offsets, offsets, indexing="ij"))
        across, down, turn = best.across * np.exp(a), best.down * np.exp(d), best.turn + t
        cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
        u, v = x / across[:, None], y / down[:, None]
        fx, fy = u * cos - v * sin, u * sin + v * cos
        inside = (np.abs(fx) < _EDGE) & (np.abs(fy) < _EDGE)
        power = of.at(np.where(inside, fx, 0.0), np.where(inside, fy, 0.0))
        scores = np.where(inside, power - 1, 0).sum(axis=1) / np.sqrt(np.maximum(inside.sum(axis=1), 1))
        place = int(scores.argmax())
        score = float(scores[place])
        best = Pose(float(across[place]), float(down[place]), float(turn[place]), score)
        step /= 2
    return best


def _window(length: int) -> NDArray[np.float64]:
    """Flat but for its ends (Tukey, a quarter)."""
    ramp = np.minimum(1, np.minimum(np.arange(length) + 0.5, length - np.arange(length) - 0.5) / (length / 8))
    window: NDArray[np.float64] = 0.5 - 0.5 * np.cos(np.pi * ramp)
    return window
