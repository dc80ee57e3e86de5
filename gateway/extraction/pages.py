"""Where a file's texts meet: a number may begin at the end of a page and go on at the top of the next."""

from __future__ import annotations

from gateway.extraction.gathered import Extracted
from gateway.inspection.split_values import Joint, joints, piece

_BESIDE = (" annotations", " metadata", " attributes", " headers", " names", " strings", " comment")
"""What stands beside the pages: nothing goes on from a page into it."""


def joints_of(file: Extracted) -> list[Joint[int]]:
    """The ends of texts that follow one another, read together; places are numbers of texts."""
    return joints(
        [
            piece(number, text)
            for number, (where, text) in enumerate(file.texts)
            if where != "name" and not where.endswith(_BESIDE)
        ]
    )
