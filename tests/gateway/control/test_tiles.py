from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.control.tiles import FULL, format_path, parse_path
from gateway.errors import BadRequest


@pytest.mark.parametrize(
    ("path", "tile"),
    [
        ("000", (0, 256)),
        ("067", (67, 256)),
        ("x001/067", (1067, 256)),
        ("x001/x234/067", (1234067, 256)),  # the example of C2SP tlog-tiles
        ("x001/x234/067.p/1", (1234067, 1)),
        ("000.p/255", (0, 255)),
    ],
)
def test_paths_of_the_standard(path: str, tile: tuple[int, int]) -> None:
    assert parse_path(path) == tile
    assert format_path(*tile) == path


@pytest.mark.parametrize(
    "path",
    ["", "67", "0067", "x067", "001/067", "x000/067", "067.p/0", "067.p/256", "067.p/01", "067.p/", "067.p", "067/",
     "/067", "x001/067.p/1000", "٠٦٧", "067\n", "-01", "x001//067", "x001/../067", "x999/" * 7 + "999"],
)  # fmt: skip
def test_every_other_path_is_refused(path: str) -> None:
    with pytest.raises(BadRequest):
        parse_path(path)


@given(st.integers(0, 10**18 - 1), st.integers(1, FULL))
def test_each_tile_has_one_path(index: int, width: int) -> None:
    assert parse_path(format_path(index, width)) == (index, width)


@given(st.text(alphabet="x0123456789/.p", max_size=20))
def test_a_path_that_is_read_is_the_canonical_one(path: str) -> None:
    try:
        tile = parse_path(path)
    except BadRequest:
        return
    assert format_path(*tile) == path
