"""A folder of finished work: each piece under the hash of all that decides the result.

Interrupted work continues where it stopped, and a change repeats only what it affects, even if DVC repeats a whole
stage (docs/decisions/0003). Each has a hash of its content: damaged work is done again.
"""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pipeline.project import files
from pipeline.training.record import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np

Work = TypeVar("Work")


def place(memo: Path, key: str) -> Path:
    """Return the file that keeps the work of a key: safetensors, with the weights of a final training.

    Other code may copy it or link to it, but must not change it.
    """
    return memo / key[:2] / f"{key}.safetensors"


def keep(memo: Path, outcome: Outcome) -> None:
    """Keep a finished training, with its weights if it is a final one."""
    record = json.dumps({"record": outcome.to_json(), "seconds": outcome.seconds})
    weights = outcome.weights if outcome.training.kind == "train" else {}
    files.write_sealed(place(memo, outcome.key), weights or {}, {"outcome": record})


def recall(memo: Path, key: str) -> Outcome | None:
    """Return a finished training, or None if it is not kept (or damaged)."""
    return _read(place(memo, key), _outcome)


def _outcome(kept: files.Sealed) -> Outcome:
    content = json.loads(kept.metadata["outcome"])
    outcome = Outcome.from_json(content["record"], content["seconds"])
    return replace(outcome, weights=kept.tensors or None)


def seconds_of(memo: Path, key: str) -> float:
    """Return how many seconds a training took, 0 if it is not kept (or damaged)."""
    try:
        return float(json.loads(files.read_metadata(place(memo, key))["outcome"])["seconds"])
    except Exception:  # noqa: BLE001 - safetensors raises its own, undocumented kinds
        return 0.0


def keep_tensors(memo: Path, key: str, tensors: Mapping[str, np.ndarray]) -> None:
    """Keep finished work that consists of arrays only."""
    files.write_sealed(place(memo, key), tensors)


def recall_tensors(memo: Path, key: str) -> dict[str, np.ndarray] | None:
    """Return arrays by name, or None if they are not kept (or damaged)."""
    return _read(place(memo, key), lambda kept: kept.tensors)


def _read(path: Path, understand: Callable[[files.Sealed], Work]) -> Work | None:
    if not path.exists():
        return None
    try:
        kept = files.read_sealed(path)
        work = understand(kept)
    except Exception:  # noqa: BLE001 - safetensors raises its own, undocumented kinds
        # damaged work is done again, and never stops a study
        print(f"warning: {path} is damaged; this finished work is done again", file=sys.stderr, flush=True)
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return None
    if not kept.checked:
        _seal(path, kept)
    return work


def _seal(path: Path, kept: files.Sealed) -> None:
    """Give work from before there were hashes its own, so that damage is found from now on."""
    # a memo that cannot be written to is still good to read
    with suppress(OSError):
        files.write_sealed(path, kept.tensors, kept.metadata)
