"""What the fork server imports once, for all workers that it forks."""

from __future__ import annotations

import atexit
import os

from pipeline.project.imports import without_collector

with without_collector():
    # the first torch optimizer of a process imports it, so that every single worker would
    import torch._dynamo

    from pipeline.training import train
    from pipeline.training.convolution import kernels

__all__ = ["kernels", "torch", "train"]

# At once: to take torch apart costs a second, and triton would list all that the collector was kept from as leaks
atexit.register(os._exit, 0)
