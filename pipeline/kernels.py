"""Loops compiled for the CPU at hand. Importing this module takes a second: import it where it is used.

They only compare and copy numbers, which has no rounding: their results do not depend on the CPU.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

DEAD = 4  # the place of a maximum that ReLU lets no gradient through
_ZERO = np.float32(0)


@njit
def _larger(best: Any, place: Any, value: Any, candidate: Any) -> Any:
    # a NaN is unequal to itself and stays: a comparison alone would lose it
    return (value, candidate) if value > best or value != value else (best, place)


# of one type only, so that they are compiled (or read from numba's cache) here and not in the middle of a training
@njit("void(float32[:, :, ::1], float32[:, :, :, ::1], uint8[:, :, :, ::1])", cache=True)
def pool(rows: Any, pooled: Any, winners: Any) -> None:
    """Pool rows (batch, height, width · channels), noting which of four wins: the first of equals, or a NaN."""
    batch, height, width, channels = pooled.shape
    for n in range(batch):
        for i in range(height):
            top, bottom, maxima, winner = rows[n, 2 * i], rows[n, 2 * i + 1], pooled[n, i], winners[n, i]
            for j in range(width):
                left, right = 2 * j * channels, (2 * j + 1) * channels
                for c in range(channels):
                    best, place = top[left + c], np.uint8(0)
                    best, place = _larger(best, place, top[right + c], np.uint8(1))
                    best, place = _larger(best, place, bottom[left + c], np.uint8(2))
                    best, place = _larger(best, place, bottom[right + c], np.uint8(3))
                    if best <= _ZERO:
                        best, place = _ZERO, np.uint8(DEAD)
                    maxima[j, c], winner[j, c] = best, place


@njit("void(float32[:, :, :, ::1], uint8[:, :, :, ::1], float32[:, :, ::1])", cache=True)
def spread(gradients: Any, winners: Any, rows: Any) -> None:
    """Give every gradient to the place that won, and 0 to all others."""
    batch, height, width, channels = gradients.shape
    for n in range(batch):
        rows[n] = _ZERO
        for i in range(height):
            for j in range(width):
                for c in range(channels):
                    place = winners[n, i, j, c]
                    if place != DEAD:
                        rows[n, 2 * i + (place >> 1), (2 * j + (place & 1)) * channels + c] = gradients[n, i, j, c]
