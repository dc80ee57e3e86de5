"""Perceptual prints of sounds, in the manner of Chromaprint: which of twelve pitches sound, moment by moment, as bits.

After Lukáš Lalinský's Chromaprint (acoustid.org) and Ke, Hoiem, Sukthankar, "Computer Vision for Music Identification"
(CVPR 2005): a chromagram of an eighth of a second a row, and 32 comparisons of sums over rectangles of it. The bits are
not Chromaprint's own: its library is in no package that we can depend on. Eight rows make a print of 256 bits.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from watermark.prints.printed import Place, Printed
from watermark.sound import Samples, read_sound

RATE = 11_025  # samples a second that are listened to
_FRAME, _HOP = 4096, 1365
_LOW, _HIGH = 55.0, 3520.0  # hertz: A1 to A7
_BANDS = 12
_MARGIN = 0.05  # of 16: pitches that do not sound at all are not compared
_CONTEXT = 16  # rows that one word looks at
MAX_SECONDS = 600  # of a longer sound, the beginning
_ROWS = 8  # of one print: a second, which looks at three
_MOVED = 8  # bits that change within a print, at least: a hum is not known again

Rows = NDArray[np.uint32]
"""One word of 32 bits a row, 8.08 rows a second."""


def audio_prints(data: bytes, media_type: str) -> Printed:
    """The prints of a sound file to be kept, one for each second. Raises MarkingFailed, Unsupported.

    Without any for less than about three seconds, and for silence and hums.
    """
    return prints_of(_rows_of(data, media_type), _ROWS)


def audio_queries(data: bytes, media_type: str) -> tuple[Printed, ...]:
    """The prints to ask for a sound with: of the second that begins at each row, since an excerpt may begin anywhere."""
    return (prints_of(_rows_of(data, media_type), 1),)


def prints_of(rows: Rows, step: int) -> Printed:
    """Prints of eight rows each, beginning at each `step`th; a place is the row with which a print begins, in prints."""
    prints: list[bytes] = []
    places: list[Place] = []
    for start in range(0, rows.size - _ROWS + 1, step):
        part = rows[start : start + _ROWS]
        if int(np.bitwise_count(part[1:] ^ part[:-1]).sum()) >= _MOVED:
            prints.append(part.astype("<u4").tobytes())
            places.append((start / _ROWS, 0.0, 0.0))
    return Printed(tuple(prints), tuple(places), (), (rows.size / _ROWS, 0.0))


def _rows_of(data: bytes, media_type: str) -> Rows:
    sound = read_sound(data, media_type)
    return rows_of(sound.samples, sound.rate)


def rows_of(samples: Samples, rate: int) -> Rows:
    """The rows of samples (channels by time); none where there is too little."""
    mixed = _resampled(samples[:, : MAX_SECONDS * rate].mean(axis=0), rate)
    if mixed.size < _FRAME + (_CONTEXT + _ROWS) * _HOP:
        return np.empty(0, np.uint32)
    return _words(_chromagram(mixed))


def _resampled(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """At RATE: averaged where there is too much, then interpolated. Enough for pitches far below the limit."""
    if rate > 2 * RATE:
        step = rate // RATE
        samples = samples[: samples.size // step * step].reshape(-1, step).mean(axis=1)
        return _interpolated(samples, rate / step)
    return _interpolated(samples, float(rate))


def _interpolated(samples: NDArray[np.float32], rate: float) -> NDArray[np.float32]:
    places = np.arange(int(samples.size * RATE / rate)) * (rate / RATE)
    heard: NDArray[np.float32] = np.interp(places, np.arange(samples.size), samples).astype(np.float32)
    return heard


def _chromagram(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Rows by twelve pitch classes, smoothed over time, each row of unit length."""
    hertz = np.fft.rfftfreq(_FRAME, 1 / RATE)
    inside = (hertz >= _LOW) & (hertz <= _HIGH)
    pitch = np.rint(12 * np.log2(hertz[inside] / 440.0)).astype(int) % _BANDS
    onto = np.zeros((int(inside.sum()), _BANDS))
    onto[np.arange(pitch.size), pitch] = 1
    window = np.hamming(_FRAME).astype(np.float32)
    frames = sliding_window_view(samples, _FRAME)[::_HOP]
    rows = []
    for start in range(0, frames.shape[0], 512):
        spectra = np.fft.rfft(frames[start : start + 512] * window)[:, inside]
        rows.append((spectra.real**2 + spectra.imag**2) @ onto)
    chroma = np.concatenate(rows)
    smooth = np.stack([np.convolve(column, (0.25, 0.75, 1.0, 0.75, 0.25), "same") for column in chroma.T], axis=1)
    even: NDArray[np.float64] = smooth / (np.sqrt(np.square(smooth).sum(axis=1, keepdims=True)) + 1e-9)
    return even


def _words(chroma: NDArray[np.float64]) -> Rows:
    """32 comparisons over 16 rows each: neighbouring pitches, and earlier with later, at two widths."""
    sums = np.cumsum(np.pad(chroma, ((1, 0), (0, 0))), axis=0)
    count = chroma.shape[0] - _CONTEXT + 1
    starts = np.arange(count)
    first, last = sums[starts + 8] - sums[starts], sums[starts + 16] - sums[starts + 8]
    whole = first + last
    middle = sums[starts + 12] - sums[starts + 4]
    neighbours = whole > np.roll(whole, -1, axis=1) + _MARGIN  # 12
    change = first - last
    rising = change > np.roll(change, -1, axis=1) + _MARGIN  # 12: which pitch fades faster than its neighbour
    pairs = middle + np.roll(middle, -1, axis=1)
    wide = pairs > np.roll(pairs, -4, axis=1) + _MARGIN
    bits = np.concatenate([neighbours, rising, wide[:, :8]], axis=1)
    weights = (1 << np.arange(32, dtype=np.uint64)).astype(np.uint64)
    return (bits.astype(np.uint64) @ weights).astype(np.uint32)
