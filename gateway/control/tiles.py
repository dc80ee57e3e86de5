"""Paths of a tiled log: C2SP tlog-tiles, "Merkle Tree" and "Log entries".

    /tile/<L>/<N>[.p/<W>]      /tile/entries/<N>[.p/<W>]

<N> is the tile's index in groups of three digits, all but the last with the prefix x: 1234067 is x001/x234/067. A
partial tile's width <W> is 1 to 255; a full tile has 256 and no suffix. Each tile has one path and no other.
"""

from __future__ import annotations

import re

from gateway.errors import BadRequest

FULL = 256
_PATH = re.compile(r"((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


def parse_path(path: str) -> tuple[int, int]:
    """(index, width) of a tile's path. Raises BadRequest when it is not the one canonical path of a tile."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise BadRequest("index: not a tile path such as 067, x001/067 or x001/067.p/12")
    groups, partial = match.groups()
    if groups.startswith("x000/"):
        raise BadRequest("index: a tile path has no leading group of zeros")
    width = int(partial) if partial else FULL
    if partial and width >= FULL:
        raise BadRequest("index: the width of a partial tile is 1 to 255")
    return int(groups.replace("/", "").replace("x", "")), width


def format_path(index: int, width: int = FULL) -> str:
    """The inverse of `parse_path`."""
    digits = str(index).zfill(3 * -(-len(str(index)) // 3))
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return path if width == FULL else f"{path}.p/{width}"
