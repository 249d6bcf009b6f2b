"""What the fork server imports once, for all workers that it forks."""

from __future__ import annotations

import atexit
import os

from pipeline.project.imports import without_collector

with without_collector():
    # the first torch optimizer of a process imports it: otherwise every worker would
    import torch._dynamo

    from pipeline.training import train
    from pipeline.training.convolution import kernels

__all__ = ["kernels", "torch", "train"]

# Exit at once: unloading torch takes a second, and triton would report uncollected objects as leaks
atexit.register(os._exit, 0)
