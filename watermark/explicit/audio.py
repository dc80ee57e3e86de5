"""The audible notice: the rhythm short, long, short, short of GB 45438-2025 before the sound, and words where there is a voice.

The rhythm (the Morse letters A and I) needs no language and no voice. Where the package espeakng-loader is installed,
the notice is spoken after it.
"""

from __future__ import annotations

import numpy as np

from watermark.errors import MarkingFailed
from watermark.explicit.plate import font_for
from watermark.explicit.voice import spoken
from watermark.sound import Samples, read_sound, write_sound

UNIT = 0.1  # seconds: a short tone, and each gap
RHYTHM = (1, 3, 1, 1)  # units: short, long, short, short
TONE = 880.0  # hertz: carried by telephones and small loudspeakers
PAUSE = 0.3  # seconds between the notice and what it is about
_RAMP = 0.005  # seconds in which a tone comes and goes, so that it does not click


def label_audio(data: bytes, media_type: str, notice: str, language: str) -> bytes:
    """The sound with the notice before it, in the same format. Raises MarkingFailed, Unsupported."""
    if not notice:
        raise MarkingFailed("The notice is empty.")
    font_for(notice)  # one set of notices for all media
    sound = read_sound(data, media_type)
    level = _level(sound.samples)
    parts = [rhythm(sound.rate) * level, _silence(sound.rate)]
    words = spoken(notice, language, sound.rate)
    if words is not None:
        parts += [words * level * 1.4, _silence(sound.rate)]
    opening = np.concatenate(parts)[None].repeat(sound.samples.shape[0], axis=0)
    return write_sound(sound.with_samples(np.concatenate([opening, sound.samples], axis=1).astype(np.float32)))


def rhythm(rate: int) -> Samples:
    """The rhythm cue, 0.9 s, full scale, one channel."""
    parts = []
    for index, units in enumerate(RHYTHM):
        time = np.arange(round(units * UNIT * rate)) / rate
        edge = np.minimum(1, np.minimum(time, time[-1] - time) / _RAMP)
        parts += [np.zeros(round(UNIT * rate))] * (index > 0) + [np.sin(2 * np.pi * TONE * time) * edge]
    return np.concatenate(parts).astype(np.float32)


def _level(samples: Samples) -> float:
    """As loud as the loud parts of what follows, within what can be heard and does not hurt."""
    block = max(1, samples.shape[1] // 200)
    power = np.square(samples[:, : samples.shape[1] // block * block]).reshape(samples.shape[0], -1, block).mean(axis=2)
    loud = float(np.sqrt(np.percentile(power.max(axis=0), 90))) if power.size else 0.0
    return float(np.clip(2 * loud, 0.1, 0.6))


def _silence(rate: int) -> Samples:
    return np.zeros(round(PAUSE * rate), np.float32)
