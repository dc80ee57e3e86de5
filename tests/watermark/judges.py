"""Programs that share no code with us and tell what a file carries; a test that needs one skips where it is missing."""

from __future__ import annotations

import io
import json
import random
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence

EXTENSIONS = {
    "image/jpeg": "jpg", "video/quicktime": "mov", "video/x-msvideo": "avi", "audio/mpeg": "mp3", "audio/mp4": "m4a",
    "image/svg+xml": "svg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
}  # fmt: skip


@cache
def need(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed (Debian: libimage-exiftool-perl, ffmpeg)")
    return found


def exiftool_labels(data: bytes, media_type: str, folder: Path) -> list[str]:
    """Every AIGC value that exiftool finds, duplicates included."""
    program = need("exiftool")
    path = folder / f"file.{EXTENSIONS.get(media_type, media_type.partition('/')[2])}"
    path.write_bytes(data)
    done = subprocess.run(
        [program, "-a", "-G1", "-struct", "-args", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    found = []
    for line in done.stdout.splitlines():
        name, _, value = line.partition("=")
        if name.lower().endswith(":aigc"):
            found.append(value)
        elif name.endswith(":UserDefinedText") and value.startswith("(AIGC) "):
            found.append(value.removeprefix("(AIGC) "))
    return found


def ffprobe_labels(data: bytes, media_type: str, folder: Path) -> list[str]:
    """The AIGC tags that ffprobe finds in the container."""
    program = need("ffprobe")
    path = folder / f"probe.{EXTENSIONS.get(media_type, media_type.partition('/')[2])}"
    path.write_bytes(data)
    command = [program, "-v", "error", "-show_format", "-of", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    tags: dict[str, Any] = json.loads(done.stdout)["format"].get("tags", {})
    return [value for name, value in tags.items() if name.upper() == "AIGC"]


def pixels(data: bytes) -> list[bytes]:
    """Every frame of a picture, decoded by Pillow."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    with Image.open(io.BytesIO(data)) as image:
        return [frame.convert("RGBA").tobytes() for frame in ImageSequence.Iterator(image)]


def samples_and_frames(data: bytes) -> list[bytes]:
    """Every frame of sound and film, decoded by FFmpeg's libraries."""
    found = []
    with av.open(io.BytesIO(data)) as container:
        for frame in container.decode():
            array = frame.to_ndarray() if isinstance(frame, av.AudioFrame | av.VideoFrame) else np.empty(0)
            found.append(array.tobytes())
    return found


def bound_offset(signed: bytes, original: bytes, chance: random.Random) -> int:
    """An offset of the signed file that its manifest binds: in a run of bytes that came from the original.

    The `ftyp` box of MP4 and its kin is left out of the hash by C2PA itself.
    """
    first = int.from_bytes(original[:4], "big") if original[4:8] == b"ftyp" else 0
    while True:
        at = chance.randrange(first, len(original) - 12)
        run = original[at : at + 12]
        if original.count(run) == 1 and signed.count(run) == 1:
            return signed.index(run) + 6
