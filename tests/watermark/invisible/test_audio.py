"""The invisible mark of sounds: faint, found after what sounds go through, silent on what is unmarked."""

from __future__ import annotations

import io
import shutil
import subprocess
from functools import cache
from hashlib import sha256

import av
import numpy as np
import pytest

from benchmarks.marks.sounds import ATTACKS, recording, through
from watermark.errors import MarkingFailed, Unsupported
from watermark.invisible.audio import detect, embed
from watermark.invisible.waves import find, mark_samples

KEY = bytes(range(32))
PAYLOAD = 0xFEDC_BA98_7654_3210


@cache
def music(seconds: float = 10.0, rate: int = 32_000, channels: int = 2) -> np.ndarray:
    """Plucked strings over a hum, with breath between them."""
    dice = np.random.default_rng(4)
    time = np.arange(round(seconds * rate)) / rate
    sound = 0.05 * np.sin(2 * np.pi * 110 * time) + 0.004 * dice.standard_normal(time.size)
    since = np.arange(rate) / rate
    for start in range(0, time.size - rate // 4, int(0.3 * rate)):
        pitch = 220 * 2 ** (int(dice.integers(0, 24)) / 12)
        pluck = sum(np.sin(2 * np.pi * pitch * part * since) / part for part in range(1, 12)) * np.exp(-5 * since)
        sound[start : start + rate] += 0.08 * pluck[: time.size - start]
    return np.stack([sound * (1 - 0.2 * channel) for channel in range(channels)]).astype(np.float32)


@cache
def speech() -> tuple[np.ndarray, int]:
    """Spoken words, by espeak-ng."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    words = (
        "On that morning a thick fog lay over the valley, and nobody wanted to walk down to the river. We had coffee."
    )
    call = ["espeak-ng", "--stdout", "-v", "en", words + " Then the sun came out, and the day could begin at last."]
    return recording(io.BytesIO(subprocess.run(call, capture_output=True, check=True, timeout=60).stdout))


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("kind", ["music", "speech"])
def test_it_survives(attack: str, kind: str) -> None:
    samples, rate = (music(), 32_000) if kind == "music" else speech()
    marked = mark_samples(samples, rate, PAYLOAD, KEY)
    dice = np.random.default_rng(list(sha256(attack.encode()).digest()[:4]))
    found = find(*ATTACKS[attack](marked, rate, dice), KEY)
    assert found is not None
    assert found.payload == PAYLOAD
    assert found.false_positive_bound <= 1e-6


def test_the_mark_is_faint_and_silence_stays_silent() -> None:
    samples = music().copy()
    samples[:, 96_000:128_000] = 0
    marked = mark_samples(samples, 32_000, PAYLOAD, KEY)
    ratio = 10 * np.log10(np.sum(samples**2) / np.sum((marked - samples) ** 2))
    assert ratio > 20
    assert np.abs(marked[:, 98_000:126_000]).max() < 1e-6


def test_nothing_is_found_in_what_was_not_marked_nor_under_another_key() -> None:
    dice = np.random.default_rng(6)
    noise = dice.normal(0, 0.1, (1, 160_000)).astype(np.float32)
    for sound in (music(), noise, np.zeros((1, 64_000), np.float32), np.tile(noise[:, :32_000], (1, 5))):
        assert find(sound, 32_000, KEY) is None
    assert find(mark_samples(music(), 32_000, PAYLOAD, KEY), 32_000, KEY[::-1]) is None


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000])
def test_every_rate_of_sampling(rate: int) -> None:
    found = find(mark_samples(music(6, rate, 1), rate, PAYLOAD, KEY), rate, KEY)
    assert found is not None
    assert found.payload == PAYLOAD


@pytest.mark.parametrize(
    ("media_type", "codec", "container"),
    [
        ("audio/wav", "pcm_s16le", "wav"),
        ("audio/mpeg", "libmp3lame", "mp3"),
        ("audio/flac", "flac", "flac"),
        ("audio/mp4", "aac", "ipod"),
        ("audio/ogg", "libopus", "ogg"),
    ],
)
def test_every_format_carries_it(media_type: str, codec: str, container: str) -> None:
    target = io.BytesIO()
    with av.open(target, "w", format=container) as out:
        stream = out.add_stream(codec, rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(music(6, 48_000), format="fltp", layout="stereo")
        frame.sample_rate = 48_000
        resampler = av.AudioResampler(stream.codec_context.format or "s16", "stereo", 48_000)
        for part in resampler.resample(frame):
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    marked = embed(target.getvalue(), media_type, PAYLOAD, KEY)
    found = detect(marked, media_type, KEY)
    assert found is not None
    assert found.payload == PAYLOAD
    assert detect(target.getvalue(), media_type, KEY) is None


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_it_survives_what_ffmpeg_makes_of_it(tmp_path) -> None:
    raw = (music(channels=1)[0] * 32767).astype("<i2").tobytes()
    call = "ffmpeg -v error -f s16le -ar 32000 -ac 1 -i - -f wav -"
    wav = subprocess.run(call.split(), input=raw, capture_output=True, check=True, timeout=60).stdout
    marked = embed(wav, "audio/wav", PAYLOAD, KEY)
    call = "ffmpeg -v error -i - -ss 2 -t 5 -ar 44100 -ac 2 -af volume=0.6,highpass=f=100 -c:a libmp3lame -b:a 64k -f mp3 -"
    out = subprocess.run(call.split(), input=marked, capture_output=True, check=True, timeout=60).stdout
    found = detect(out, "audio/mpeg", KEY)
    assert found is not None
    assert found.payload == PAYLOAD


def test_what_cannot_carry_it_says_so() -> None:
    short, rate = through(music(1.0, 16_000, 1), 16_000, "pcm_s16le", "wav")
    assert rate == 16_000
    raw = (short[0] * 32767).astype("<i2").tobytes()
    with pytest.raises(Unsupported, match="too short"):
        embed(raw, "audio/pcm", PAYLOAD, KEY)
    with pytest.raises(Unsupported, match="audio/midi"):
        embed(b"MThd", "audio/midi", PAYLOAD, KEY)
    with pytest.raises(MarkingFailed):
        embed(b"no sound", "audio/wav", PAYLOAD, KEY)
