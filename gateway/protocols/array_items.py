"""Items taken out of arrays of a body, with the commas that part them: what stays is the same bytes, and valid JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.flow import Path
from gateway.protocols.json_offsets import locate


def cut_items(body: bytes, gone: Mapping[Path, Sequence[int]]) -> list[tuple[int, int, bytes]]:
    """The edits that take out of each array (by its path) the items at these places, ascending; never all of them."""
    runs = [(path, *run) for path, places in gone.items() for run in _runs(places)]
    if not runs:
        return []
    wanted = {
        (*path, place) for path, first, last in runs for place in (first - 1, first, last, last + 1) if place >= 0
    }
    places = locate(body, wanted)
    edits = []
    for path, first, last in runs:
        if first:
            edits.append((places[(*path, first - 1)][1], places[(*path, last)][1], b""))
        else:
            edits.append((places[(*path, 0)][0], places[(*path, last + 1)][0], b""))
    return edits


def _runs(places: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each run of neighbours."""
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and runs[-1][1] == place - 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs
