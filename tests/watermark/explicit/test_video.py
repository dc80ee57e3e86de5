"""Notices over the opening of videos, measured on the frames that a player decodes at each moment."""

from __future__ import annotations

import io
import math
import shutil
import subprocess

import av
import cv2
import numpy as np
import pytest

from tests.watermark.explicit.seen import has_tesseract, read_out, seen
from tests.watermark.explicit.test_image import scene
from watermark.errors import MarkingFailed, Unsupported
from watermark.explicit.video import label_video
from watermark.profile import notices

NOTICE = "【人工智能生成】"


def film(container: str = "mp4", codec: str = "libx264", seconds: float = 4.0, sound: bool = True) -> bytes:
    """A still scene with a drifting grey square, 320 by 240, ten frames a second, and a hum."""
    target = io.BytesIO()
    still = np.asarray(scene(320, 240))
    with av.open(target, "w", format=container) as out:
        video = out.add_stream(codec, rate=10)
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        voice = (
            out.add_stream("libopus" if container == "webm" else "aac", rate=48_000, layout="mono") if sound else None
        )
        for index in range(round(seconds * 10)):
            picture = still.copy()
            picture[20:60, 10 + index : 50 + index] = 128
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(video.encode(None))
        if voice:
            hum = (0.2 * np.sin(np.arange(round(seconds * 48_000)) / 40)).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(hum, format="fltp", layout="mono")
            frame.sample_rate = 48_000
            resampler = av.AudioResampler(voice.codec_context.codec.audio_formats[0], "mono", 48_000)
            for part in resampler.resample(frame):
                out.mux(voice.encode(part))
            out.mux(voice.encode(None))
    return target.getvalue()


def shown(data: bytes) -> list[tuple[float, np.ndarray]]:
    with av.open(io.BytesIO(data)) as container:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def sound_packets(data: bytes) -> list[bytes]:
    with av.open(io.BytesIO(data)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.mark.parametrize(
    ("container", "media_type", "codec"),
    [
        ("mp4", "video/mp4", "libx264"),
        ("mov", "video/quicktime", "libx264"),
        ("mp4", "video/mp4", "libx265"),
        ("mp4", "video/mp4", "mpeg4"),
        ("webm", "video/webm", "libvpx-vp9"),
    ],
)
def test_the_notice_stands_for_two_seconds_and_the_sound_is_untouched(
    container: str, media_type: str, codec: str
) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {codec}")
    data = film(container, codec)
    out = label_video(data, media_type, NOTICE, "zh")
    before, after = shown(data), shown(out)
    assert len(after) == len(before)
    assert [round(time, 2) for time, _ in after] == [round(time, 2) for time, _ in before]
    for (time, old), (_, new) in zip(before, after, strict=True):
        if time <= 2.0:
            found = seen(old, new, 60)
            assert found.heights[0] >= math.ceil(0.05 * 240)
            assert found.contrast >= 7
        elif time > 3.2:
            assert np.abs(old.astype(int) - new.astype(int)).max() < 90
            assert np.abs(old.astype(int) - new.astype(int)).mean() < 6
    assert sound_packets(out) == sound_packets(data)


@pytest.mark.parametrize("seconds", [0.1, 1.0])
def test_a_short_video_carries_it_to_its_end(seconds: float) -> None:
    data = film(seconds=seconds, sound=False)
    for (_, old), (_, new) in zip(shown(data), shown(label_video(data, "video/mp4", NOTICE, "zh")), strict=True):
        assert seen(old, new, 60).heights[0] >= 12


@pytest.mark.parametrize("language", ["en", "hi", "ru"])
def test_other_languages(language: str) -> None:
    data = film(seconds=0.2, sound=False)
    out = label_video(data, "video/mp4", notices()[language], language)
    assert seen(shown(data)[0][1], shown(out)[0][1], 60).contrast >= 7


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_a_turned_video_is_labelled_upright(tmp_path) -> None:
    (tmp_path / "in.mp4").write_bytes(film(seconds=0.5, sound=False))
    old = "ffmpeg -v error -i in.mp4 -c copy -metadata:s:v:0 rotate=90 -y turned.mp4"
    new = "ffmpeg -v error -display_rotation 270 -i in.mp4 -c copy -y turned.mp4"
    if subprocess.run(new.split(), cwd=tmp_path, check=False, timeout=60, capture_output=True).returncode:
        subprocess.run(old.split(), cwd=tmp_path, check=True, timeout=60)
    out = label_video((tmp_path / "turned.mp4").read_bytes(), "video/mp4", NOTICE, "zh")
    (tmp_path / "out.mp4").write_bytes(out)
    for name in ("turned", "out"):  # ffmpeg turns as players do
        call = f"ffmpeg -v error -i {name}.mp4 -frames:v 1 {name}.png"
        subprocess.run(call.split(), cwd=tmp_path, check=True, timeout=60)
    before, after = (cv2.imread(str(tmp_path / f"{name}.png"))[..., ::-1] for name in ("turned", "out"))
    assert before.shape == after.shape == (320, 240, 3)
    left, top, right, bottom = seen(before, after, 60).box
    assert right - left > 3 * (bottom - top)
    assert top > 200


@pytest.mark.skipif(not has_tesseract("chi_sim"), reason="tesseract with chi_sim is not installed")
def test_a_machine_reads_the_words_at_1_9_seconds() -> None:
    data = film()
    moment = next(index for index, (time, _) in enumerate(shown(data)) if time >= 1.9)
    region = seen(shown(data)[moment][1], shown(label_video(data, "video/mp4", NOTICE, "zh"))[moment][1], 60).picture
    assert "人工智能生成" in read_out(region, "chi_sim").replace(" ", "")


@pytest.mark.parametrize("data", [b"", b"\0\0\0\x18ftypmp42", b"#EXTM3U\nfile:///etc/passwd\n", b"no video"])
def test_what_is_no_video_is_refused(data: bytes) -> None:
    for media_type in ("video/mp4", "video/quicktime", "video/webm"):
        with pytest.raises(MarkingFailed):
            label_video(data, media_type, NOTICE, "zh")


def test_other_types_are_unsupported() -> None:
    with pytest.raises(Unsupported, match="video/ogg"):
        label_video(b"", "video/ogg", NOTICE, "zh")
