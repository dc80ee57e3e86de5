"""`python -m benchmarks.marks [--side N] [--unmarked N] PHOTOS…`: what the invisible image mark withstands.

Name photographs that were not used to tune it. `--unmarked N` looks for marks in N pictures that have none.
"""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.marks import pictures

_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"}


@click.command(help=__doc__)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--side", default=pictures.SIDE, help="Shorter side of the pictures, at most.")
@click.option("--unmarked", default=0, help="How many unmarked pictures to search, instead.")
def main(files: tuple[Path, ...], side: int, unmarked: int) -> None:
    photographs = [path for path in files if path.suffix.lower() in _PICTURES]
    if unmarked:
        pictures.silence(photographs, unmarked)
    elif photographs:
        pictures.survival(photographs, side)


if __name__ == "__main__":
    main()
