"""Splitting examples in two: with the same share of every class in both parts, or at random."""

from __future__ import annotations

import numpy as np


def stratified(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split examples in two, class by class; return the sorted int64 rows of both parts.

    Parameters
    ----------
    fraction
        Share of the second part, above 0 and below 1.
    """
    from sklearn.model_selection import train_test_split

    first, second = train_test_split(
        np.arange(len(labels), dtype=np.int64), test_size=fraction, stratify=labels, random_state=seed
    )
    return np.sort(first), np.sort(second)


def random(count: int, second: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split `count` examples in two at random, `second` of them in the second part; return the sorted int64 rows."""
    order = np.random.default_rng(seed).permutation(count)
    return np.sort(order[second:]), np.sort(order[:second])
