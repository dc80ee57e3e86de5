"""The invisible mark of sound: a noise that repeats each second, shaped like the sound that hides it.

Its spectrum has a line at each hertz of a band. A third of the lines have phases known under the key and tell where the
second begins; the others carry the signs of the code, two each. Each moment and pitch gets a mark in proportion to what
sounds there, so silence stays silent; the detector divides by the same, adds all seconds up and reads the lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import shake_256

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from watermark.invisible import code
from watermark.invisible.detected import Detected
from watermark.sound import Samples

LOW, HIGH = 400, 6800  # hertz: what telephones and MP3 at 64 kbit/s leave
LEAST = 1.5  # seconds of sound that a mark needs
STRENGTH = 0.12  # amplitude of the mark, relative to what sounds around it: 18 dB below
THRESHOLD = 6.0  # standard deviations of the synchronisation's peak
_PEAKS = 3
TRIES = 2 * _PEAKS  # readings of one sound at most
_KNOWN = 3  # every third line is for synchronisation
_FRAME = 0.032  # seconds
_FINE = 64_000  # places in a second at which it may begin
_BATCH = 2048  # frames at a time, so that memory stays flat
_NEAR = 3  # spectral neighbours, each way, that count as sounding around a line


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of the mark under one key: hertz, phases, what each is for."""

    hertz: NDArray[np.int64]
    turns: NDArray[np.complex128] = field(repr=False)
    sync: NDArray[np.bool_] = field(repr=False)
    signs: NDArray[np.int64] = field(repr=False)  # which coded sign each of the two parts of a data line carries

    def below(self, hertz: float) -> NDArray[np.bool_]:
        """Which lines a sound of this bandwidth has."""
        return self.hertz < hertz


def lines(key: bytes) -> Lines:
    """The lines under a key: always the same, on every machine."""
    hertz = np.arange(LOW, HIGH)
    dice = np.frombuffer(shake_256(b"lexgate sound lines" + key).digest(32 * hertz.size), "<u8")
    turns = np.exp(2j * np.pi * (dice[: hertz.size] / 2.0**64))
    sync = np.zeros(hertz.size, bool)
    sync[np.argsort(dice[hertz.size : 2 * hertz.size], kind="stable")[::_KNOWN]] = True
    places = int(2 * (~sync).sum())
    signs = np.empty(places, np.int64)
    signs[np.argsort(dice[2 * hertz.size : 2 * hertz.size + places], kind="stable")] = np.arange(places) % code.CODED
    return Lines(hertz, turns, sync, signs)


def mark_samples(samples: Samples, rate: int, payload: int, key: bytes) -> Samples:
    """The samples (channels by time) with the mark in each channel."""
    second = _second(lines(key), code.encode(payload, key), rate)
    marked: Samples = np.stack([_marked(channel, second, rate) for channel in samples])
    return marked


def find(samples: Samples, rate: int, key: bytes) -> Detected | None:
    """The mark in a sound, wherever it was cut."""
    if samples.shape[1] < rate // 2:
        return None
    on = lines(key)
    mixed = samples.mean(axis=0)
    for floor in (None, _floor(mixed, rate)):
        found = _read(on, np.fft.rfft(_folded(mixed, rate, floor))[: HIGH + 1], rate, key)
        if found is not None:
            return found
    return None


def _read(on: Lines, heard: NDArray[np.complex128], rate: int, key: bytes) -> Detected | None:
    usable = on.below(min(rate / 2 * 0.95, heard.size - 1))
    values = np.where(usable, heard[np.minimum(on.hertz, heard.size - 1)], 0)
    values = values / (np.abs(values) + np.abs(values).mean() / 2 + 1e-12)
    for score, shifted in _aligned(on, values):
        if score < THRESHOLD:
            return None
        payload = code.decode(_soft(on, shifted), key)
        if payload is not None:
            return Detected(payload, round(score, 2), THRESHOLD, code.false_positive_bound(TRIES))
    return None


def _second(on: Lines, coded: NDArray[np.float64], rate: int) -> NDArray[np.float32]:
    """One second of the mark at this rate, of standard deviation 1."""
    values = on.turns.copy()
    first, other = coded[on.signs].reshape(2, -1)
    values[~on.sync] *= (first + 1j * other) / np.sqrt(2)
    usable = on.below(rate / 2 * 0.95)
    spectrum = np.zeros(rate // 2 + 1, complex)
    spectrum[on.hertz[usable]] = values[usable]
    second = np.fft.irfft(spectrum, rate)
    even: NDArray[np.float32] = (second / second.std()).astype(np.float32)
    return even


def _frames(samples: NDArray[np.float32], rate: int) -> Iterator[tuple[int, NDArray[np.complex64]]]:
    """Spectra of overlapping frames, a batch at a time, each with the place of its first sample."""
    size = _size(rate)
    window = _window(size)
    hop = size // 2
    count = (samples.size - size) // hop + 1
    for start in range(0, count, _BATCH):
        number = min(_BATCH, count - start)
        part = samples[start * hop : (start + number - 1) * hop + size]
        yield start * hop, np.fft.rfft(sliding_window_view(part, size)[::hop] * window).astype(np.complex64)


def _added(out: NDArray[np.float32], place: int, spectra: NDArray[np.complex64], rate: int) -> None:
    """Frames back as samples, added up where they overlap."""
    size = _size(rate)
    parts = np.fft.irfft(spectra, size).astype(np.float32) * _window(size)
    half = size // 2
    count = parts.shape[0]
    out[place : place + count * half] += parts[:, :half].ravel()
    out[place + half : place + half + count * half] += parts[:, half:].ravel()


def _marked(channel: NDArray[np.float32], second: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    size = _size(rate)
    padded = np.pad(channel, (size, 2 * size))
    carrier = np.resize(np.roll(second, size), padded.size)
    usual = np.sqrt(np.square(_window(size)).sum() * rate / (2.0 * (HIGH - LOW)))  # of a frame's line of the carrier
    out = np.zeros_like(padded)
    for (place, sound), (_, mark) in zip(_frames(padded, rate), _frames(carrier, rate), strict=True):
        _added(out, place, (STRENGTH / usual) * _around(sound) * mark, rate)
    marked: NDArray[np.float32] = np.clip(channel + out[size : size + channel.size], -1, 1)
    return marked


def _floor(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """The power at each pitch in the quietest tenth of the time: where there is noise, what it is."""
    powers = [np.square(_around(sound[:: 1 + sound.shape[0] // 256])) for _, sound in _frames(samples, rate)]
    floor: NDArray[np.float32] = np.quantile(np.concatenate(powers), 0.1, axis=0).astype(np.float32)
    return floor


def _folded(samples: NDArray[np.float32], rate: int, floor: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """All seconds added up, each moment and pitch as loud as any other; what is no louder than a floor counts less."""
    size = _size(rate)
    padded = np.pad(samples, (size, 2 * size))
    out = np.zeros_like(padded)
    quiet = 1e-4 * float(np.sqrt(np.mean(np.square(samples)))) * size + 1e-9
    for place, sound in _frames(padded, rate):
        around = _around(sound)
        white = sound / (around + quiet)
        white *= np.minimum(1, 2 / (np.abs(white) + 1e-9))
        if floor is not None:
            white *= np.maximum(0, 1 - 2 * floor / (np.square(around) + 1e-12))
        _added(out, place, white, rate)
    out = np.pad(out[size : size + samples.size], (0, -samples.size % rate))
    folded: NDArray[np.float32] = out.reshape(-1, rate).sum(axis=0)
    return folded


def _around(spectra: NDArray[np.complex64]) -> NDArray[np.float32]:
    """The root of the mean power around each line of each frame."""
    power = np.square(spectra.real) + np.square(spectra.imag)
    sums = np.cumsum(np.pad(power, ((0, 0), (_NEAR + 1, _NEAR)), mode="edge"), axis=1)
    mean = (sums[:, 2 * _NEAR + 1 :] - sums[:, : -2 * _NEAR - 1]) / (2 * _NEAR + 1)
    around: NDArray[np.float32] = np.sqrt(np.maximum(mean, 0)).astype(np.float32)
    return around


def _aligned(on: Lines, values: NDArray[np.complex128]) -> Iterator[tuple[float, NDArray[np.complex128]]]:
    """The moments at which the second may begin, likeliest first, with the lines shifted there."""
    fit = np.zeros(_FINE // 2 + 1, complex)
    fit[on.hertz[on.sync]] = (values * on.turns.conj())[on.sync]
    surface = np.fft.irfft(fit, _FINE)
    spread = surface.std() + 1e-12
    height = np.abs(surface)  # a sound may have been turned upside down
    for _ in range(_PEAKS):
        place = int(height.argmax())
        turn = np.exp(2j * np.pi * on.hertz * place / _FINE) * np.sign(surface[place])
        yield float(height[place] / spread), values * turn
        near = np.arange(place - 12, place + 13) % _FINE
        height[near] = 0


def _soft(on: Lines, values: NDArray[np.complex128]) -> NDArray[np.float64]:
    data = (values * on.turns.conj())[~on.sync]
    sums = np.bincount(on.signs, np.concatenate([data.real, data.imag]), code.CODED)
    return sums.astype(np.float64)


def _size(rate: int) -> int:
    """Samples of a frame: even."""
    return 2 * round(_FRAME * rate / 2)


def _window(size: int) -> NDArray[np.float32]:
    """The root of Hann's, which gives 1 when applied twice and overlapped by half."""
    return np.sin(np.pi * (np.arange(size) + 0.5) / size).astype(np.float32)
