"""How the learning rate changes during a training.

Step t of n is counted from 0; the first w = round(``warmup_fraction`` · n) steps are the warm-up. The learning rate of
step t is the training's own times

- (t + 1) / (w + 1) during the warm-up, t < w;
- afterwards, with s = (t − w) / (n − w), which is 0 in the first step and would be 1 after the last:
  1 (``constant``), 1 − s (``linear``), (1 + cos πs) / 2 (``cosine``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.training.record import Schedule


def varies(schedule: Schedule, warmup_fraction: float, steps: int) -> bool:
    """Return whether `factor` is not 1 in every one of so many steps."""
    return schedule != "constant" or _warmup_steps(warmup_fraction, steps) > 0


def factor(schedule: Schedule, warmup_fraction: float, step: int, steps: int) -> float:
    """Return what the learning rate of a step is multiplied by.

    Parameters
    ----------
    warmup_fraction
        Share of all steps, 0 to 1.
    step
        From 0 to `steps` − 1.
    steps
        Of the whole training.

    Returns
    -------
    float
        Above 0, at most 1.
    """
    warmup = _warmup_steps(warmup_fraction, steps)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    share = (step - warmup) / (steps - warmup)
    if schedule == "linear":
        return 1 - share
    if schedule == "cosine":
        return (1 + math.cos(math.pi * share)) / 2
    return 1.0


def _warmup_steps(warmup_fraction: float, steps: int) -> int:
    return round(warmup_fraction * steps)
