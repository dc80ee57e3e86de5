"""The invisible mark of sound files."""

from __future__ import annotations

from watermark.errors import Unsupported
from watermark.invisible.detected import Detected
from watermark.invisible.waves import LEAST, find, mark_samples
from watermark.sound import read_sound, write_sound

_RATES = (8_000, 96_000)  # hertz of sampling that the mark was made for


def embed(data: bytes, media_type: str, payload: int, key: bytes) -> bytes:
    """The sound with 64 bits under a key. Raises MarkingFailed; Unsupported for what is too short or of another type."""
    sound = read_sound(data, media_type)
    seconds = sound.samples.shape[1] / sound.rate
    if seconds < LEAST:
        raise Unsupported(f"A sound of {seconds:.1f} seconds is too short to carry an invisible mark.")
    if not _RATES[0] <= sound.rate <= _RATES[1]:
        raise Unsupported(f"A sound of {sound.rate} samples a second cannot carry an invisible mark.")
    return write_sound(sound.with_samples(mark_samples(sound.samples, sound.rate, payload, key)))


def detect(data: bytes, media_type: str, key: bytes) -> Detected | None:
    """The mark under this key, or None. Raises MarkingFailed, Unsupported for what is no sound."""
    sound = read_sound(data, media_type)
    return find(sound.samples, sound.rate, key)
