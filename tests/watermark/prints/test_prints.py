"""Prints of pictures and sounds: known again after changes, also from a part; unrelated ones stay apart."""

from __future__ import annotations

import io
import itertools
import shutil
import subprocess
import wave
from hashlib import sha256

import numpy as np
import pytest

from benchmarks.marks import attacks, sounds
from tests.watermark.invisible.scenes import png, scene
from tests.watermark.invisible.test_audio import music, speech
from watermark.errors import MarkingFailed, Unsupported
from watermark.explicit.image import label_image
from watermark.prints.likeness import NEAR, likeness
from watermark.prints.picture import image_prints, image_queries
from watermark.prints.printed import Printed
from watermark.prints.sound import audio_prints, audio_queries, rows_of

SIDE = 512


def asked(printed: tuple[Printed, ...]) -> list[bytes]:
    return [print_ for one in printed for print_ in one.prints]


def dice_for(name: str) -> np.random.Generator:
    return np.random.default_rng(list(sha256(name.encode()).digest()[:4]))


@pytest.mark.parametrize(
    "attack", ["none", "JPEG 50", "WebP 50", "crop 30 %", "scale 0.5 to 1.5", "screenshot", "flip"]
)
def test_a_picture_is_known_again(attack: str) -> None:
    picture = scene(50, SIDE, SIDE)
    changed = attacks.ATTACKS[attack](picture, dice_for(attack))
    found = likeness(asked(image_queries(png(changed), "image/png")), image_prints(png(picture), "image/png").prints)
    assert found.related
    assert found.distance <= NEAR


def test_the_whole_comes_first_and_the_parts_are_what_a_crop_is_known_by() -> None:
    picture = scene(51, SIDE, SIDE)
    stored = image_prints(png(picture), "image/png").prints
    crop = asked(image_queries(png(np.ascontiguousarray(picture[100:, 60:])), "image/png"))
    assert len(stored) > 1
    assert all(len(one) == 32 for one in stored)
    assert likeness(crop, stored).related
    assert not likeness(crop, stored[:1]).related


def test_unrelated_pictures_are_far_apart() -> None:
    sets = [image_prints(png(scene(seed, 320, 320)), "image/png").prints for seed in range(60, 70)]
    distances = [likeness(one, other).distance for one, other in itertools.combinations(sets, 2)]
    assert min(distances) > 2 * NEAR


def test_a_print_taken_before_the_label_is_not_the_print_of_what_left() -> None:
    """Which is why prints are taken after labelling."""
    data = png(scene(52, 400, 300))
    labelled = label_image(data, "image/png", "【人工智能生成】", "zh")
    assert image_prints(labelled, "image/png") != image_prints(data, "image/png")
    stored = image_prints(labelled, "image/png").prints
    assert likeness(asked(image_queries(labelled, "image/png")), stored).distance == 0


def test_a_plain_picture_has_no_print() -> None:
    assert image_prints(png(np.full((300, 300, 3), 200, np.uint8)), "image/png") == Printed()
    assert not likeness((), image_prints(png(scene(53, 300, 300)), "image/png").prints).related


@pytest.mark.parametrize(
    "attack", ["none", "MP3 64 kbit/s", "resampled, 11 to 48 kHz", "noise at 20 dB", "excerpt, MP3"]
)
@pytest.mark.parametrize("kind", ["music", "speech"])
def test_a_sound_is_known_again(attack: str, kind: str) -> None:
    samples, rate = (music(), 32_000) if kind == "music" else speech()
    changed, new_rate = sounds.ATTACKS[attack](samples, rate, dice_for(attack))
    stored = audio_prints(raw(samples, rate), "audio/wav").prints
    assert likeness(asked(audio_queries(raw(changed, new_rate), "audio/wav")), stored).related


def raw(samples: np.ndarray, rate: int) -> bytes:
    """As a WAV file."""
    target = io.BytesIO()
    with wave.open(target, "wb") as out:
        out.setparams((samples.shape[0], 2, rate, 0, "NONE", ""))
        out.writeframes((np.clip(samples.T, -1, 1) * 32767).astype("<i2").tobytes())
    return target.getvalue()


def test_unrelated_sounds_are_far_apart() -> None:
    spoken, rate = speech()
    one, other = (audio_prints(data, "audio/wav").prints for data in (raw(spoken, rate), raw(music(), 32_000)))
    assert likeness(one, other).distance > NEAR
    assert likeness(asked(audio_queries(raw(spoken, rate), "audio/wav")), other).distance > NEAR


def test_silence_a_hum_and_a_moment_have_no_print() -> None:
    time = np.arange(8 * 16_000) / 16_000
    for sound in (0 * time, 0.3 * np.sin(2 * np.pi * 440 * time), music()[0, :16_000]):
        assert audio_prints(raw(sound[None].astype(np.float32), 16_000), "audio/wav").prints == ()


@pytest.mark.skipif(shutil.which("fpcalc") is None, reason="fpcalc (chromaprint) is not installed")
def test_chromaprint_agrees_on_what_is_alike(tmp_path) -> None:
    """Its bits are other bits; what it calls near and far is what we call near and far."""

    def oracle(data: bytes) -> np.ndarray:
        (tmp_path / "a.wav").write_bytes(data)
        done = subprocess.run(["fpcalc", "-raw", tmp_path / "a.wav"], capture_output=True, check=False, timeout=60)
        line = next(line for line in done.stdout.decode().splitlines() if line.startswith("FINGERPRINT="))
        return np.array([int(word) for word in line.removeprefix("FINGERPRINT=").split(",")], np.int64).astype(
            np.uint32
        )

    def apart(one: np.ndarray, other: np.ndarray) -> float:
        rows = min(one.size, other.size)
        return float(np.bitwise_count(one[:rows] ^ other[:rows]).mean()) / 32

    spoken, rate = speech()
    noisy = sounds.noisy(music(), dice_for("noise"))
    files = [raw(music(), 32_000), raw(noisy, 32_000), raw(spoken, rate)]
    theirs = [oracle(data) for data in files]
    ours = [rows_of(samples, hertz) for samples, hertz in ((music(), 32_000), (noisy, 32_000), (spoken, rate))]
    for prints in (theirs, ours):
        assert apart(prints[0], prints[1]) < 0.2
        assert apart(prints[0], prints[2]) > 0.3


def test_what_is_no_picture_and_no_sound_is_refused() -> None:
    with pytest.raises(MarkingFailed):
        image_prints(b"no picture", "image/png")
    with pytest.raises(MarkingFailed):
        audio_prints(b"no sound", "audio/wav")
    with pytest.raises(Unsupported):
        image_prints(b"", "video/mp4")
