"""A notice spoken by espeak-ng, if the package espeakng-loader (GPL, so an operator's choice) is installed.

The library keeps global state and speaks in C, so it lives in a process of its own: this module run as a program reads
words and writes samples.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from watermark.errors import MarkingFailed
from watermark.sound import Samples

_VOICES = {"zh": "cmn"}  # espeak-ng's names where they are not the language's code
_RATE = 22_050  # of every voice of espeak-ng
_SECONDS = 20  # for a few words
_SYNCHRONOUS, _UTF8 = 2, 1


def spoken(notice: str, language: str, rate: int) -> Samples | None:
    """The words of a notice at `rate`, full scale, one channel; None where no voice is installed. Raises MarkingFailed."""
    if find_spec("espeakng_loader") is None:
        return None
    said = np.frombuffer(_said(notice.strip("[]【】"), _VOICES.get(language, language)), "<i2").astype(np.float32)
    if not said.size or not said.any():
        raise MarkingFailed("The voice said nothing.")
    places = np.arange(int(said.size * rate / _RATE)) * (_RATE / rate)
    words: Samples = (np.interp(places, np.arange(said.size), said) / np.abs(said).max()).astype(np.float32)
    return words


@cache
def _said(words: str, voice: str) -> bytes:
    call = [sys.executable, "-m", "watermark.explicit.voice", voice]
    try:
        done = subprocess.run(call, input=words.encode(), capture_output=True, check=True, timeout=_SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        raise MarkingFailed("The voice failed.") from error
    return done.stdout


def _speak(words: bytes, voice: str) -> bytes:
    """Samples of 16 bits at 22,050 Hz."""
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())  # type: ignore[no-untyped-call]
    data = Path(espeakng_loader.get_data_path()).parent  # type: ignore[no-untyped-call]
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, str(data).encode(), 0)
    if rate != _RATE or library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise SystemExit("the voice cannot be loaded")
    samples = bytearray()

    def take(wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            samples.extend(ctypes.string_at(wave, count * 2))
        return 0

    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(take)
    library.espeak_SetSynthCallback(callback)
    library.espeak_Synth(words, ctypes.c_size_t(len(words) + 1), 0, 1, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    return bytes(samples)


if __name__ == "__main__":
    sys.stdout.buffer.write(_speak(sys.stdin.buffer.read(), sys.argv[1]))
