"""A flame graph from counted stacks: an SVG without scripts, and a table of the functions that cost most by themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from zlib import crc32

WIDTH, ROW, SMALLEST = 1200, 16, 0.002
"""Pixels of the picture and of a row; share of all samples below which a box is left out."""

Stacks = Mapping[tuple[str, ...], int]


@dataclass(slots=True)
class _Box:
    samples: int = 0
    inside: dict[str, _Box] = field(default_factory=dict)


def svg(stacks: Stacks, title: str) -> str:
    """The picture: width is CPU time, a box stands on its caller."""
    root = _Box()
    for stack, count in stacks.items():
        box = root
        box.samples += count
        for name in stack:
            box = box.inside.setdefault(name, _Box())
            box.samples += count
    drawn = list(_boxes(root, 0.0, 0, root.samples))
    depth = max((row for _, _, row, _ in drawn), default=0) + 1
    height = (depth + 2) * ROW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="11">',
        f'<text x="4" y="{ROW - 4}">{escape(title)}: {root.samples} samples of CPU time</text>',
    ]
    for name, left, row, width in drawn:
        y = height - (row + 1) * ROW
        share = width / WIDTH * 100
        hue = 20 + crc32(name.partition(":")[0].encode()) % 40
        parts.append(
            f'<g><title>{escape(name)} {share:.1f} %</title><rect x="{left:.1f}" y="{y}" width="{width:.1f}" '
            f'height="{ROW - 1}" fill="hsl({hue},80%,70%)"/>'
            + (f'<text x="{left + 2:.1f}" y="{y + 11}">{escape(_fitting(name, width))}</text>' if width > 40 else "")
            + "</g>"
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _boxes(box: _Box, left: float, row: int, samples: int) -> Iterator[tuple[str, float, int, float]]:
    for name, inner in sorted(box.inside.items()):
        width = inner.samples / samples * WIDTH
        if inner.samples >= samples * SMALLEST:
            yield name, left, row, width
            yield from _boxes(inner, left, row + 1, samples)
        left += width


def _fitting(name: str, width: float) -> str:
    room = int((width - 4) / 6.7)
    short = name.rpartition(":")[2]
    return short if len(short) <= room else short[:room]


def table(stacks: Stacks, rows: int) -> str:
    """By function: share of CPU time by itself, and with what it calls."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for stack, count in stacks.items():
        own[stack[-1]] += count
        for name in set(stack):
            whole[name] += count
    samples = sum(stacks.values()) or 1
    lines = ["  own %  whole %"]
    lines += [
        f"{own[name] * 100 / samples:7.2f} {count * 100 / samples:8.2f}  {name}"
        for name, count in whole.most_common(rows)
    ]
    lines += ["--- by itself"]
    lines += [f"{count * 100 / samples:7.2f}           {name}" for name, count in own.most_common(rows)]
    return "\n".join(lines)
