"""Measures what a person sees and hears of a label. Shares no code with the labeller: pictures in, numbers out."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import dataclass

import cv2
import numpy as np
import pillow_heif
from PIL import Image, ImageOps, ImageSequence


@dataclass(frozen=True)
class Seen:
    """A label in a picture: pixel sizes of the plate, of its tallest letters, and the contrast between the two."""

    box: tuple[int, int, int, int]
    heights: tuple[int, ...]  # of each connected letter, tallest first
    contrast: float  # WCAG 2.2
    picture: np.ndarray


def frames_of(data: bytes) -> list[np.ndarray]:
    """Every frame as a viewer shows it: upright, RGB, on a chequered ground where it is transparent."""
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        return [_shown(page.to_pillow()) for page in pillow_heif.open_heif(io.BytesIO(data))]
    with Image.open(io.BytesIO(data)) as image:
        return [_shown(ImageOps.exif_transpose(frame.copy())) for frame in ImageSequence.Iterator(image)]


def _shown(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I;16"):
        return np.repeat((np.asarray(image) >> 8).astype(np.uint8)[..., None], 3, axis=2)
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, "white")
        return np.asarray(Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB"))
    return np.asarray(image.convert("RGB"))


def seen(before: np.ndarray, after: np.ndarray, tolerance: int = 40) -> Seen:
    """The rectangle in which two pictures differ, and the bright shapes within it."""
    assert before.shape == after.shape, (before.shape, after.shape)
    moved = np.abs(before.astype(int) - after.astype(int)).max(axis=2) > tolerance
    rows, columns = np.flatnonzero(moved.any(axis=1)), np.flatnonzero(moved.any(axis=0))
    assert rows.size, "no label: nothing changed"
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    region = after[top:bottom, left:right]
    grey = cv2.cvtColor(np.ascontiguousarray(region), cv2.COLOR_RGB2GRAY)
    _, ink = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    edge = 1
    inside = [row for row in stats[1:] if row[0] > edge and row[1] > edge]
    heights = tuple(sorted((int(row[3]) for row in inside), reverse=True))
    light, dark = np.percentile(grey[ink == 1], 50), np.percentile(grey[ink == 0], 50)
    return Seen((int(left), int(top), int(right), int(bottom)), heights, contrast(light, dark), region)


def contrast(light: float, dark: float) -> float:
    """Contrast of two grey levels (WCAG 2.2), from 1 to 21."""
    a, b = (_luminance(level / 255) for level in (light, dark))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def _luminance(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def read_out(picture: np.ndarray, languages: str = "eng") -> str:
    """What Tesseract reads on a label's picture."""
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    scale = 80 / grey.shape[0]
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    _, paper = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    paper = cv2.copyMakeBorder(paper[4:-4, 4:-4], 30, 30, 30, 30, cv2.BORDER_CONSTANT, value=255)
    done, png = cv2.imencode(".png", paper)
    assert done
    call = ["tesseract", "stdin", "stdout", "-l", languages, "--psm", "7"]
    return (
        subprocess.run(call, input=png.tobytes(), capture_output=True, check=True, timeout=60).stdout.decode().strip()
    )


def has_tesseract(language: str) -> bool:
    if shutil.which("tesseract") is None:
        return False
    listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, check=True, timeout=60).stdout.decode()
    return language in listed.split()
