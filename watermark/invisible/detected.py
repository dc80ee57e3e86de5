"""What a detector found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detected:
    """A mark under the key that was asked for. A mark alone proves nothing: it can be copied onto other content.

    `score` and `threshold` are standard deviations of the synchronisation above what unmarked content gives.
    `false_positive_bound`: at most this share of random keys finds a mark in any one unmarked file, whatever it shows.
    """

    payload: int
    score: float
    threshold: float
    false_positive_bound: float
