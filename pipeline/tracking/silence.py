"""A store that failed one stage is left alone by the other stages of the same ``dvc repro``."""

from __future__ import annotations

import contextlib
import hashlib

from pipeline.project import ancestors, files, paths
from pipeline.tracking import store

_NAME = "mlflow-silence.json"


def keep() -> None:
    """Note that the store failed, for all stages that the same DVC process starts."""
    if (this := _this()) is not None:
        # a full disk is for others to tell of
        with contextlib.suppress(OSError):
            files.write_json(paths.memo() / _NAME, this)


def holds() -> bool:
    """Return whether the store failed a stage that the same DVC process started before."""
    note = paths.memo() / _NAME
    try:
        return note.exists() and (this := _this()) is not None and files.read_json(note) == this
    except (OSError, ValueError):
        return False


def _this() -> dict[str, object] | None:
    """Describe the DVC process and the store; an address may hold a password."""
    dvc = ancestors.dvc()
    if dvc is None:
        return None
    store_hash = hashlib.sha256(store.store_uri().encode()).hexdigest()
    return {"store": store_hash, "process": dvc.pid, "started": dvc.create_time()}
