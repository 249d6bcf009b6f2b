"""What a small study or comparison tries and repeats."""

from __future__ import annotations

from typing import NamedTuple


class Budget(NamedTuple):
    """The most points, survivors and seeds that are used of the study's."""

    points: int
    points_beyond: int
    survivors: int
    seeds: int


# six seeds are the fewest with which a difference, or its absence, can be shown
SMALL = Budget(points=6, points_beyond=2, survivors=2, seeds=6)
