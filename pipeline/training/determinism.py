"""What makes a computation with torch the same whenever it is repeated on a machine."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


def enforce() -> None:
    """Let this process compute with one thread and deterministic algorithms only."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    # PyTorch would also fill every new tensor with NaN, to expose reads of uninitialised memory: nothing here reads
    # any, and it takes time in every step
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


@contextmanager
def random_numbers(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Inside the block, draw torch's global random numbers from a seed; afterwards they go on as before it."""
    devices = [device] if device is not None and device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)  # noqa: TID251 - the one place that seeds
        yield
