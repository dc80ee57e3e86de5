"""Audible notices, measured as seconds: the rhythm short, long, short, short at the start, in every format."""

from __future__ import annotations

import io
import subprocess
import sys
import wave

import av
import numpy as np
import pytest

from watermark.errors import MarkingFailed, Unsupported
from watermark.explicit.audio import label_audio
from watermark.profile import notices

KINDS = {
    "wav": ("audio/wav", "pcm_s16le", "wav"), "wav24": ("audio/wav", "pcm_s24le", "wav"),
    "wavf": ("audio/wav", "pcm_f32le", "wav"), "wav8": ("audio/wav", "pcm_u8", "wav"),
    "mp3": ("audio/mpeg", "libmp3lame", "mp3"), "flac": ("audio/flac", "flac", "flac"),
    "m4a": ("audio/mp4", "aac", "ipod"), "alac": ("audio/mp4", "alac", "ipod"),
    "opus": ("audio/ogg", "libopus", "ogg"), "aac": ("audio/aac", "aac", "adts"),
}  # fmt: skip


def voice(rate: int, channels: int, seconds: float = 1.5) -> np.ndarray:
    """Low hum with a slow beat, unlike the cue's tone."""
    time = np.arange(round(seconds * rate)) / rate
    hum = 0.2 * np.sin(2 * np.pi * 180 * time) * (1 + 0.5 * np.sin(2 * np.pi * 3 * time))
    return np.stack([hum * (1 - 0.3 * channel) for channel in range(channels)]).astype(np.float32)


def written(codec: str, container: str, rate: int, channels: int) -> bytes:
    target = io.BytesIO()
    layout = "mono" if channels == 1 else "stereo"
    with av.open(target, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        samples = voice(rate, channels)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.codec_context.format or "s16", layout, rate)
        for ready in resampler.resample(frame):
            out.mux(stream.encode(ready))
        out.mux(stream.encode(None))
    return target.getvalue()


def heard(data: bytes) -> tuple[np.ndarray, int]:
    """Samples of the first channel and the rate, as a player decodes them."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("fltp", "mono", stream.rate)
        blocks = [part.to_ndarray()[0] for frame in container.decode(stream) for part in resampler.resample(frame)]
        return np.concatenate(blocks), stream.rate


def tones(samples: np.ndarray, rate: int, pitch: float = 880.0) -> list[tuple[float, float]]:
    """(start, length) in seconds of each stretch in which this pitch is heard, over the first three seconds."""
    step = rate // 100
    window = rate // 40
    wave_ = np.exp(-2j * np.pi * pitch * np.arange(window) / rate)
    strength = np.array([
        abs(samples[start : start + window] @ wave_) / window for start in range(0, min(samples.size, 3 * rate) - window, step)
    ])  # fmt: skip
    on = np.diff((strength > strength.max() / 2).astype(int), prepend=0, append=0)
    return [
        (start / 100, (end - start) / 100)
        for start, end in zip(np.flatnonzero(on == 1), np.flatnonzero(on == -1), strict=True)
    ]


def likeness(piece: np.ndarray, whole: np.ndarray) -> float:
    """Correlation of a piece with the place in the whole that is most like it: codecs shift by some samples."""
    size = 1 << (whole.size + piece.size).bit_length()
    match = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(piece, size)), size)[: whole.size - piece.size]
    place = int(match[whole.size // 3 :].argmax()) + whole.size // 3
    return float(np.corrcoef(whole[place : place + piece.size], piece)[0, 1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("rate", "channels"), [(48_000, 2), (24_000, 1)])
def test_the_rhythm_comes_first_and_the_sound_stays_what_it_was(kind: str, rate: int, channels: int) -> None:
    media_type, codec, container = KINDS[kind]
    data = written(codec, container, rate, channels)
    out = label_audio(data, media_type, "[AI-generated]", "en")
    before, _ = heard(data)
    after, found = heard(out)
    lengths = [length for _, length in tones(after, found)][:4]
    assert lengths == pytest.approx([0.1, 0.3, 0.1, 0.1], abs=0.03)
    assert tones(after, found)[0][0] < 0.1
    assert after.size - before.size > 1.1 * found
    assert likeness(before[rate // 4 : rate], after) > 0.98
    with av.open(io.BytesIO(out)) as new, av.open(io.BytesIO(data)) as old:
        assert new.streams.audio[0].codec_context.name == old.streams.audio[0].codec_context.name
        assert new.streams.audio[0].rate == old.streams.audio[0].rate
        assert new.streams.audio[0].codec_context.layout.name == old.streams.audio[0].codec_context.layout.name


@pytest.mark.parametrize("kind", ["wav", "wav24", "flac", "wavf"])
def test_lossless_samples_stay_bit_for_bit(kind: str) -> None:
    media_type, codec, container = KINDS[kind]
    data = written(codec, container, 44_100, 2)
    before, _ = heard(data)
    after, _ = heard(label_audio(data, media_type, "[AI-generated]", "en"))
    assert np.array_equal(after[-before.size :], before)


def test_the_notice_is_as_loud_as_what_follows() -> None:
    for gain in (0.02, 1.0, 3.0):
        target = io.BytesIO()
        with wave.open(target, "wb") as out:
            out.setparams((1, 2, 16_000, 0, "NONE", ""))
            out.writeframes((np.clip(voice(16_000, 1)[0] * gain, -1, 1) * 32767).astype("<i2").tobytes())
        after, rate = heard(label_audio(target.getvalue(), "audio/wav", "【人工智能生成】", "zh"))
        cue, rest = after[: int(0.9 * rate)], after[-rate:]
        assert np.abs(cue).max() >= min(0.5, np.abs(rest).max() * 0.8)
        assert 0.09 < np.abs(cue).max() < 0.7


def test_raw_speech_of_the_endpoint_is_labelled_too() -> None:
    raw = (voice(24_000, 1)[0] * 32767).astype("<i2").tobytes()
    out = label_audio(raw, "audio/pcm", "[AI-generated]", "en")
    assert out.endswith(raw)
    samples = np.frombuffer(out, "<i2").astype(float) / 32768
    assert [length for _, length in tones(samples, 24_000)][:4] == pytest.approx([0.1, 0.3, 0.1, 0.1], abs=0.03)


def test_without_the_voice_the_rhythm_alone_is_the_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr("watermark.explicit.voice.find_spec", lambda name: None)
    data = written("pcm_s16le", "wav", 16_000, 1)
    before, rate = heard(data)
    after, _ = heard(label_audio(data, "audio/wav", "[AI-generated]", "en"))
    assert (after.size - before.size) / rate == pytest.approx(1.2, abs=0.01)


@pytest.mark.parametrize("language", sorted(notices()))
def test_every_language_has_a_voice(language: str) -> None:
    pytest.importorskip("espeakng_loader")
    data = written("pcm_s16le", "wav", 16_000, 1)
    before, rate = heard(data)
    after, _ = heard(label_audio(data, "audio/wav", notices()[language], language))
    words = after[int(1.2 * rate) : after.size - before.size]
    assert 0.5 < words.size / rate < 5
    assert np.abs(words).max() > 0.1


@pytest.mark.parametrize("data", [b"", b"RIFF\0\0\0\0WAVE", b"#EXTM3U\nfile:///etc/passwd", b"ID3\4\0\0\0\0\0\0"])
def test_what_is_no_sound_is_refused(data: bytes) -> None:
    for media_type in ("audio/wav", "audio/mpeg", "audio/flac", "audio/mp4", "audio/ogg"):
        with pytest.raises(MarkingFailed):
            label_audio(data, media_type, "[AI-generated]", "en")


def test_other_types_are_unsupported() -> None:
    with pytest.raises(Unsupported, match="audio/midi"):
        label_audio(b"MThd", "audio/midi", "[AI-generated]", "en")


def test_the_voice_as_a_program() -> None:
    pytest.importorskip("espeakng_loader")
    call = [sys.executable, "-m", "watermark.explicit.voice", "atlantean"]
    assert subprocess.run(call, input=b"words", capture_output=True, check=False, timeout=60).returncode == 1
