"""`python -m benchmarks.marks [--side N] [--prints] [--unmarked N [--seed N]] FILES…`: what the invisible marks withstand.

Name photographs and sounds that were not used to tune them. `--unmarked N` looks for marks in N pictures that have none;
`--prints` tells how much of changed pictures, and of transplanted parts, agrees with the prints of a record.
"""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.marks import likenesses, pictures, sounds

_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"}
_SOUNDS = {".wav", ".mp3", ".flac", ".ogg", ".m4a"}


@click.command(help=__doc__)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--side", default=pictures.SIDE, help="Shorter side of the pictures, at most.")
@click.option("--unmarked", default=0, help="How many unmarked pictures to search, instead.")
@click.option("--seed", default=2, help="Of the unmarked pictures' dice: several runs can share the work.")
@click.option("--prints", is_flag=True, help="Compare by prints, instead.")
def main(files: tuple[Path, ...], side: int, unmarked: int, seed: int, *, prints: bool) -> None:
    photographs = [path for path in files if path.suffix.lower() in _PICTURES]
    if unmarked:
        pictures.silence(photographs, unmarked, seed)
        return
    if prints:
        likenesses.agreement(photographs, side)
        return
    if photographs:
        pictures.survival(photographs, side)
    recordings = [path for path in files if path.suffix.lower() in _SOUNDS]
    if recordings:
        sounds.survival(recordings)


if __name__ == "__main__":
    main()
