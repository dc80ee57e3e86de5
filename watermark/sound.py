"""Sound files as samples and back: same container, codec, rate, channels, bits and rate of bits. By FFmpeg, in PyAV."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from watermark.errors import MarkingFailed, Unsupported, WatermarkError

Samples = NDArray[np.float32]
"""Channels by samples, from -1 to 1."""

MAX_VALUES = 200_000_000  # samples times channels: an hour of stereo at 28 kHz, 800 MB
_BLOCK = 1 << 16
_RAW_RATE = 24_000  # audio/pcm of the speech endpoints: 16 bits, little endian, one channel
_READERS: Mapping[str, str] = {  # named, so that no file is taken for a play list, which would open other files
    "audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3",
    "audio/flac": "flac", "audio/x-flac": "flac", "audio/mp4": "mp4", "audio/m4a": "mp4", "audio/x-m4a": "mp4",
    "audio/ogg": "ogg", "audio/opus": "ogg", "audio/aac": "aac",
}  # fmt: skip
_WRITERS: Mapping[str, str] = {"mp4": "ipod", "aac": "adts"}
_ENCODERS: Mapping[str, str] = {"mp3": "libmp3lame", "mp3float": "libmp3lame", "opus": "libopus", "vorbis": "libvorbis"}
_LOSSLESS = ("pcm", "flac", "alac")
_SCALES: Mapping[str, tuple[type, float]] = {
    "u8": (np.uint8, 128.0), "s16": (np.int16, 32768.0), "s32": (np.int32, 2147483648.0),
    "flt": (np.float32, 1.0), "dbl": (np.float64, 1.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sound:
    """A decoded sound file, and what is needed to write it as it was."""

    samples: Samples = field(repr=False)
    rate: int
    layout: str  # FFmpeg's name: mono, stereo, 5.1, …
    codec: str
    sample_format: str
    bit_rate: int
    bits: int
    container: str
    metadata: Mapping[str, str] = field(default_factory=dict)

    def with_samples(self, samples: Samples) -> Sound:
        return replace(self, samples=samples)


def knows(media_type: str) -> bool:
    """Whether files of this type can be read and written."""
    return media_type in _READERS or media_type == "audio/pcm"


def read_sound(data: bytes, media_type: str) -> Sound:
    """Decode a whole file. Raises MarkingFailed for what is no sound or too long, Unsupported for other types."""
    if media_type == "audio/pcm":
        return _raw(data)
    if media_type not in _READERS:
        raise Unsupported(f"Sound files of type {media_type} are not supported.")
    try:
        with av.open(io.BytesIO(data), format=_READERS[media_type], metadata_errors="ignore") as container:
            stream: Any = container.streams.audio[0]
            context = stream.codec_context
            samples = _decoded(container, stream)
            return Sound(
                samples,
                context.sample_rate,
                context.layout.name,
                context.name,
                context.format.name,
                context.bit_rate or stream.bit_rate or 128_000,
                getattr(context, "bits_per_raw_sample", 0) or context.format.bits,
                _READERS[media_type],
                dict(container.metadata),
            )
    except WatermarkError:
        raise
    except Exception as error:
        raise MarkingFailed("The sound file cannot be read.") from error


def write_sound(sound: Sound) -> bytes:
    """Encode as the file was that `sound` was read from. Raises MarkingFailed."""
    if sound.container == "pcm":
        return _quantised(sound.samples, "s16").T.tobytes()
    target = io.BytesIO()
    try:
        with av.open(target, "w", format=_WRITERS.get(sound.container, sound.container)) as container:
            container.metadata.update(sound.metadata)
            stream: Any = container.add_stream(_encoder(sound.codec), rate=sound.rate, layout=sound.layout)
            context = stream.codec_context
            context.format = _format(context.codec, sound.sample_format)
            if not sound.codec.startswith(_LOSSLESS):
                stream.bit_rate = sound.bit_rate
            for frame in _frames(sound, context.format):
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except Exception as error:
        raise MarkingFailed("The sound file cannot be written.") from error
    return target.getvalue()


def _raw(data: bytes) -> Sound:
    if not data or len(data) % 2 or len(data) > 2 * MAX_VALUES:
        raise MarkingFailed("Raw sound is a whole number of samples of 16 bits, and not too many.")
    samples: Samples = np.frombuffer(data, "<i2").astype(np.float32)[None] / np.float32(32768)
    return Sound(samples, _RAW_RATE, "mono", "pcm_s16le", "s16", 0, 16, "pcm")


def _decoded(container: Any, stream: Any) -> Samples:
    blocks: list[Samples] = []
    values = 0
    for frame in container.decode(stream):
        block = _normal(frame)
        values += block.size
        if values > MAX_VALUES:
            raise MarkingFailed("The sound file is too long.")
        if blocks and block.shape[0] != blocks[0].shape[0]:
            raise MarkingFailed("The sound file changes its channels under way.")
        blocks.append(block)
    if not values:
        raise MarkingFailed("The sound file has no samples.")
    return np.concatenate(blocks, axis=1)


def _normal(frame: Any) -> Samples:
    """A frame's samples, channels by samples, from -1 to 1."""
    name = frame.format.name
    kind = name.removesuffix("p")
    array = frame.to_ndarray()
    if not name.endswith("p"):
        array = array.reshape(-1, frame.layout.nb_channels).T
    _, scale = _SCALES[kind]
    values = array.astype(np.float64 if kind == "s32" else np.float32)
    samples: Samples = ((values - (128 if kind == "u8" else 0)) / scale).astype(np.float32)
    return samples


def _quantised(samples: Samples, kind: str) -> NDArray[Any]:
    dtype, scale = _SCALES[kind]
    if np.issubdtype(dtype, np.floating):
        return samples.astype(dtype)
    limits = np.iinfo(dtype)
    zero = 128 if kind == "u8" else 0
    values: NDArray[Any] = np.clip(np.rint(samples.astype(np.float64) * scale) + zero, limits.min, limits.max)
    return values.astype(dtype)


def _frames(sound: Sound, wanted: Any) -> Iterator[Any]:
    planar = wanted.is_planar
    kind = wanted.name.removesuffix("p")
    for start in range(0, sound.samples.shape[1], _BLOCK):
        block = _quantised(sound.samples[:, start : start + _BLOCK], kind)
        array = np.ascontiguousarray(block if planar else block.T.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(array, format=wanted.name, layout=sound.layout)
        frame.sample_rate = sound.rate
        frame.pts = start
        yield frame


def _encoder(codec: str) -> str:
    name = _ENCODERS.get(codec, codec)
    if name in av.codecs_available and (not codec.startswith("adpcm")):
        return name
    return "pcm_s16le"


def _format(codec: Any, wanted: str) -> str:
    """The encoder's own format nearest to the one that the file was decoded to."""
    names = [form.name for form in codec.audio_formats or ()]
    kind = wanted.removesuffix("p")
    return next((name for name in names if name.removesuffix("p") == kind), names[0] if names else wanted)
