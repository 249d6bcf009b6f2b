"""The fork server: what it imports beforehand, and how it ends."""

from __future__ import annotations

import atexit
import os

from pipeline.running import worker_imports

__all__ = ["worker_imports"]

# At once: taking torch apart costs a second, and cannot be done tidily, because `without_collector` keeps the
# collector from its objects; triton would name every one of its own that is left. Workers end by themselves.
atexit.register(os._exit, 0)
