"""Pictures with the statistics of photographs (power falls with the square of frequency), made from a seed."""

from __future__ import annotations

import io
from functools import cache

import cv2
import numpy as np
import pillow_heif
from PIL import Image


@cache
def scene(seed: int, width: int = 768, height: int = 768) -> np.ndarray:
    """RGB: edges of shapes laid over one another, clouds, and grain."""
    dice = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.uint8) + dice.integers(60, 180, 3).astype(np.uint8)
    for _ in range(60):
        centre = (int(dice.uniform(0, width)), int(dice.uniform(0, height)))
        axes = tuple(int(value) for value in (dice.pareto(1.5, 2) + 0.3) * width / 25)
        colour = tuple(int(value) for value in dice.integers(0, 256, 3))
        cv2.ellipse(picture, centre, axes, dice.uniform(0, 180), 0, 360, colour, -1, cv2.LINE_AA)
    smooth = cv2.GaussianBlur(picture, (0, 0), 0.8).astype(np.float32)
    fx, fy = np.meshgrid(np.fft.rfftfreq(width), np.fft.fftfreq(height))
    fall = 1 / np.maximum(np.hypot(fx, fy), 1 / width)
    grain = np.fft.irfft2(np.fft.rfft2(dice.standard_normal((height, width))) * fall, s=(height, width))
    smooth += (grain / grain.std() * dice.uniform(8, 22))[..., None] + dice.normal(0, 1.5, smooth.shape)
    return np.clip(smooth, 0, 255).astype(np.uint8)


def png(picture: np.ndarray) -> bytes:
    return coded(picture, "PNG")


def coded(picture: np.ndarray, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    image = Image.fromarray(picture)
    if kind == "HEIC":
        pillow_heif.from_pillow(image).save(target, **options)
    else:
        image.save(target, kind, **options)
    return target.getvalue()


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other.astype(float)) ** 2)))
