"""The visible notice over the opening of videos: MP4, MOV, WebM; the pictures are encoded again, the sound is copied."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import av
import numpy as np

from watermark.errors import MarkingFailed, Unsupported, WatermarkError
from watermark.explicit.plate import Plate, laid, plate

SECONDS = 3.0  # GB 45438-2025 asks for two
MAX_PIXELS = 4096 * 2304  # of one frame
MAX_FRAMES = 36_000  # ten minutes at 60 a second
_FORMATS: Mapping[str, str] = {"video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm"}
_ENCODERS: Mapping[str, tuple[str, dict[str, str]]] = {
    "h264": ("libx264", {"crf": "18", "preset": "veryfast"}),
    "hevc": ("libx265", {"crf": "20", "preset": "ultrafast", "x265-params": "log-level=none"}),
    "vp9": ("libvpx-vp9", {"crf": "30", "b": "0", "deadline": "realtime", "cpu-used": "8"}),
    "vp8": ("libvpx-vp9", {"crf": "30", "b": "0", "deadline": "realtime", "cpu-used": "8"}),
    "av1": ("libsvtav1", {"crf": "30", "preset": "12", "svtav1-params": "enable-stat-report=0"}),
}
_DARK, _LIGHT = (0, 0, 0), (255, 255, 255)


def label_video(data: bytes, media_type: str, notice: str, language: str) -> bytes:
    """The video with the notice over its first three seconds, in the same container. Raises MarkingFailed, Unsupported.

    One video stream and all sound streams are kept; subtitles and data streams are not. A video turned by its display
    matrix is turned for good.
    """
    if media_type not in _FORMATS:
        raise Unsupported(f"There is no visible notice for files of type {media_type}.")
    form = _FORMATS[media_type]
    target = io.BytesIO()
    try:
        with (
            av.open(io.BytesIO(data), "r", format=form, metadata_errors="ignore") as source,
            av.open(target, "w", format=form) as sink,
        ):
            _copy(source, sink, notice)
    except WatermarkError:
        raise
    except Exception as error:
        raise MarkingFailed("The video cannot be read, so it cannot be labelled.") from error
    return target.getvalue()


def _copy(source: Any, sink: Any, notice: str) -> None:
    video = source.streams.video[0]
    sounds = {stream.index: sink.add_stream_from_template(stream) for stream in source.streams.audio}
    sink.metadata.update(source.metadata)
    out: Any = None
    on: Plate | None = None
    first, frames = None, 0
    early_sound: list[Any] = []  # until the first frame all streams are not known, and nothing may be written
    for packet in source.demux([video, *source.streams.audio]):
        if packet.stream.index != video.index:
            if packet.dts is not None:
                packet.stream = sounds[packet.stream.index]
                early_sound.append(packet)
            if out is not None:
                early_sound = _drained(sink, early_sound)
            continue
        for frame in packet.decode():
            frames += 1
            shown = _upright(frame)
            if out is None:
                on = _checked(shown, notice)
                out = _encoder(sink, video, shown)
                first = shown.time or 0.0
            if frames > MAX_FRAMES:
                raise MarkingFailed("The video has too many frames.")
            early = (shown.time or 0.0) - (first or 0.0) < SECONDS
            sink.mux(out.encode(_labelled(shown, on) if early and on else shown))
    if out is None:
        raise MarkingFailed("The video has no pictures.")
    _drained(sink, early_sound)
    sink.mux(out.encode(None))


def _drained(sink: Any, packets: list[Any]) -> list[Any]:
    for packet in packets:
        sink.mux(packet)
    return []


def _checked(frame: Any, notice: str) -> Plate:
    if frame.width * frame.height > MAX_PIXELS:
        raise MarkingFailed(f"The video has {frame.width} by {frame.height} pixels, which is over the limit.")
    return plate(notice, frame.width, frame.height)


def _encoder(sink: Any, video: Any, frame: Any) -> Any:
    """A stream like the source's, in its own codec where there is an encoder for it."""
    name, options = _ENCODERS.get(video.codec_context.name.removeprefix("lib"), _ENCODERS["h264"])
    if name not in av.codecs_available:
        name, options = _ENCODERS["h264"]
    stream = sink.add_stream(name, rate=video.average_rate or 25, options=dict(options))
    context = stream.codec_context
    stream.width, stream.height = frame.width, frame.height
    formats = [form.name for form in context.codec.video_formats or ()]
    stream.pix_fmt = frame.format.name if frame.format.name in formats else "yuv420p"
    context.time_base = stream.time_base = video.time_base
    for name in ("color_range", "color_primaries", "color_trc", "colorspace"):
        setattr(context, name, getattr(video.codec_context, name))
    return stream


def _upright(frame: Any) -> Any:
    """A frame as players show it."""
    quarters = round((frame.rotation or 0) / 90) % 4
    if not quarters:
        frame.pict_type = 0  # the encoder chooses its key frames itself
        return frame
    return _like(frame, np.rot90(frame.to_ndarray(format="rgb24"), quarters))


def _labelled(frame: Any, on: Plate) -> Any:
    pixels = frame.to_ndarray(format="rgb24")
    left, top, right, bottom = on.box
    pixels[top:bottom, left:right] = laid(pixels[top:bottom, left:right], on, _DARK, _LIGHT)
    return _like(frame, pixels)


def _like(frame: Any, pixels: Any) -> Any:
    """A new frame at the same moment, in the same pixel format."""
    made = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    made = made.reformat(format=frame.format.name if frame.format.name.startswith("yuv") else "yuv420p")
    made.pts, made.time_base = frame.pts, frame.time_base
    made.color_range, made.colorspace = frame.color_range, frame.colorspace
    return made
