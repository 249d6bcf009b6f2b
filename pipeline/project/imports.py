"""Large imports, made quicker."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def without_collector() -> Iterator[None]:
    """Keep the garbage collector away from what the block imports, then and later.

    It would search all modules and find nothing to free: a fifth of torch's time to import, half of MLflow's. Processes
    forked later share the objects for as long as no collection touches them.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
