"""What makes a computation with torch the same whenever it is repeated on a machine."""

from __future__ import annotations

import torch


def enforce() -> None:
    """Let this process compute with one thread and deterministic algorithms only."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    # PyTorch would also fill every new tensor with NaN, to expose reads of uninitialised memory: nothing here reads
    # any, and it takes time in every step
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
