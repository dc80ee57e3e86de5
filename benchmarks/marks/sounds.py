"""Survival of the sound mark: each transform takes samples (channels by time) and a rate, and gives the same."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from watermark.invisible.waves import find, mark_samples
from watermark.sound import Samples

KEY = bytes(range(32))
Heard = tuple[Samples, int]
Attack = Callable[[Samples, int, np.random.Generator], Heard]
SECONDS = 30  # of a longer sound, that are used


def recording(source: Path | io.BytesIO, seconds: float = SECONDS) -> Heard:
    """A sound file's samples and rate."""
    with av.open(source if isinstance(source, io.BytesIO) else str(source), "r") as container:
        stream: Any = container.streams.audio[0]
        resampler = av.AudioResampler("fltp", stream.codec_context.layout.name, stream.rate)
        blocks: list[Any] = []
        count = 0
        for frame in container.decode(stream):
            blocks += [part.to_ndarray() for part in resampler.resample(frame)]
            count += frame.samples
            if count > seconds * stream.rate:
                break
        return np.concatenate(blocks, axis=1)[:, : int(seconds * stream.rate)], stream.rate


def through(samples: Samples, rate: int, codec: str, form: str, *, bits: int = 0, new_rate: int = 0) -> Heard:
    """Encoded and decoded again, by FFmpeg's own resampler where the rate changes."""
    target = io.BytesIO()
    layout = "mono" if samples.shape[0] == 1 else "stereo"
    with av.open(target, "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=new_rate or rate, layout=layout)
        if bits:
            stream.bit_rate = bits
        formats = stream.codec_context.codec.audio_formats
        resampler = av.AudioResampler(formats[0] if formats else "s16", layout, new_rate or rate)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
        frame.sample_rate = rate
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return recording(io.BytesIO(target.getvalue()), 1e6)


def excerpt(samples: Samples, dice: np.random.Generator, share: float = 0.3) -> Samples:
    """A random stretch."""
    length = int(samples.shape[1] * share)
    start = int(dice.integers(0, samples.shape[1] - length))
    return samples[:, start : start + length]


def noisy(samples: Samples, dice: np.random.Generator, decibels: float = 20.0) -> Samples:
    """White noise so many decibels below the sound."""
    level = np.sqrt(np.mean(np.square(samples))) * 10 ** (-decibels / 20)
    heard: Samples = (samples + dice.standard_normal(samples.shape) * level).astype(np.float32)
    return heard


ATTACKS: dict[str, Attack] = {
    "none": lambda samples, rate, _: (samples, rate),
    "MP3 64 kbit/s": lambda samples, rate, _: through(samples, rate, "libmp3lame", "mp3", bits=64_000),
    "AAC 48 kbit/s": lambda samples, rate, _: through(samples, rate, "aac", "adts", bits=48_000),
    "Opus 24 kbit/s": lambda samples, rate, _: through(samples, rate, "libopus", "ogg", bits=24_000, new_rate=48_000),
    "resampled, 11 to 48 kHz": lambda samples, rate, dice: through(
        samples, rate, "pcm_s16le", "wav", new_rate=int(dice.integers(11_025, 48_001))
    ),
    "excerpt of 30 %": lambda samples, rate, dice: (excerpt(samples, dice), rate),
    "noise at 20 dB": lambda samples, rate, dice: (noisy(samples, dice), rate),
    "half as loud, upside down": lambda samples, rate, _: (-0.5 * samples, rate),
    "excerpt, MP3": lambda samples, rate, dice: through(
        excerpt(samples, dice, 0.5), rate, "libmp3lame", "mp3", bits=64_000
    ),
}


def survival(paths: Sequence[Path], seed: int = 1) -> None:
    """A table: attack, found of all, milliseconds of one detection; how faint the mark is first."""
    dice = np.random.default_rng(seed)
    found: dict[str, list[bool]] = {name: [] for name in ATTACKS}
    taken: dict[str, list[float]] = {name: [] for name in ATTACKS}
    faint, length, wrong = [], 0.0, 0
    for path in paths:
        samples, rate = recording(path)
        length += samples.shape[1] / rate
        payload = int(dice.integers(0, 2**63))
        wrong += find(samples, rate, KEY) is not None
        marked = mark_samples(samples, rate, payload, KEY)
        faint.append(10 * np.log10(np.sum(np.square(samples)) / np.sum(np.square(marked - samples))))
        for name, attack in ATTACKS.items():
            changed, new_rate = attack(marked, rate, dice)
            begun = time.perf_counter()
            seen = find(changed, new_rate, KEY)
            taken[name].append(time.perf_counter() - begun)
            found[name].append(seen is not None and seen.payload == payload)
    print(f"{len(paths)} sounds, {length:.0f} s: the mark is {min(faint):.1f} to {max(faint):.1f} dB below; "
          f"{wrong} found in what was not marked")  # fmt: skip
    print("\n| transform | found | detection, ms |\n|---|---|---|")
    for name, results in found.items():
        share = 100 * sum(results) / len(results)
        print(f"| {name} | {sum(results)} of {len(results)} ({share:.0f} %) | {1000 * np.median(taken[name]):.0f} |")
