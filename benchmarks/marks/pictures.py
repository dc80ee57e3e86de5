"""Survival of the image mark on photographs, its price in quality and time, and silence on what is unmarked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.marks.attacks import ATTACKS, cropped, resized, turned
from watermark.invisible.pixels import THRESHOLD, find, mark_plane, readings

KEY = bytes(range(32))
SIDE = 1024  # pixels of the shorter side to which photographs are brought, if they are larger


def photograph(path: Path, side: int = SIDE) -> NDArray[np.uint8]:
    """RGB pixels, the shorter side at most `side`."""
    with Image.open(path) as image:
        picture = image.convert("RGB")
    shorter = min(picture.size)
    if shorter > side:
        size = (round(picture.width * side / shorter), round(picture.height * side / shorter))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(picture)


def marked(picture: NDArray[np.uint8], payload: int) -> NDArray[np.uint8]:
    delta = mark_plane(luminance(picture), payload, KEY)
    out: NDArray[np.uint8] = np.clip(np.rint(picture + delta[..., None]), 0, 255).astype(np.uint8)
    return out


def luminance(picture: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(Image.fromarray(picture).convert("L"), np.float32)


def survival(paths: Sequence[Path], side: int, seed: int = 1) -> None:
    """A table: attack, found of all, seconds of one detection; PSNR first."""
    dice = np.random.default_rng(seed)
    found: dict[str, list[bool]] = {name: [] for name in ATTACKS}
    taken: dict[str, list[float]] = {name: [] for name in ATTACKS}
    quality, making = [], []
    for path in paths:
        picture = photograph(path, side)
        payload = int(dice.integers(0, 2**63))
        begun = time.perf_counter()
        out = marked(picture, payload)
        making.append(time.perf_counter() - begun)
        quality.append(10 * np.log10(255**2 / np.mean((out.astype(float) - picture) ** 2)))
        for name, attack in ATTACKS.items():
            changed = luminance(attack(out, dice))
            begun = time.perf_counter()
            seen = find(changed, KEY)
            taken[name].append(time.perf_counter() - begun)
            found[name].append(seen is not None and seen.payload == payload)
    print(f"{len(paths)} pictures, shorter side at most {side}: PSNR {min(quality):.2f} to {max(quality):.2f} dB, "
          f"marking {1000 * np.median(making):.0f} ms")  # fmt: skip
    print("\n| transform | found | detection, ms |\n|---|---|---|")
    for name, results in found.items():
        share = 100 * sum(results) / len(results)
        print(f"| {name} | {sum(results)} of {len(results)} ({share:.0f} %) | {1000 * np.median(taken[name]):.0f} |")


def silence(paths: Sequence[Path], count: int, seed: int = 2) -> None:
    """Unmarked pictures (random parts, sizes, turns and mirror images of the photographs) in which something was found."""
    dice = np.random.default_rng(seed)
    pictures = [photograph(path) for path in paths]
    wrong, read, highest = 0, 0, 0.0
    for index in range(count):
        picture = pictures[index % len(pictures)]
        side = int(dice.integers(200, 400))
        picture = cropped(picture, dice, float(dice.uniform(0.1, 0.7)))
        picture = resized(picture, side / min(picture.shape[:2]))[:600, :600]
        if dice.random() < 0.3:
            picture = turned(picture, float(dice.uniform(-3, 3)))
        if dice.random() < 0.3:
            picture = np.ascontiguousarray(picture[:, ::-1])
        seen = list(readings(luminance(np.ascontiguousarray(picture)), dice.bytes(32)))
        wrong += any(payload is not None for _, payload in seen)
        read += sum(score >= THRESHOLD for score, _ in seen)
        highest = max(highest, *(score for score, _ in seen))
        if (index + 1) % 100 == 0 or index + 1 == count:
            print(
                f"{index + 1} unmarked pictures, each with a key of its own: {wrong} marks found; synchronisation at most "
                f"{highest:.2f} (threshold {THRESHOLD}), reached {read} times",
                flush=True,
            )
