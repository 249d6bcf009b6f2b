"""The champion as one file: its weights, and all that is needed to use it elsewhere."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pipeline.project import files, git, paths
from pipeline.project.errors import DataError
from pipeline.results.champions import ChampionRecord

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np

    from pipeline.prepared.reader import Description

_KEY = "champion"
_SEAL = "sha256"  # of all else in the file; one from before there was any is taken as it is


@dataclass(frozen=True)
class Champion:
    """A trained network: who it is, what it was trained on, and its weights by parameter name (float32)."""

    record: ChampionRecord
    description: Description
    weights: dict[str, np.ndarray]


def write(path: Path, record: ChampionRecord, description: Description, weights: Mapping[str, np.ndarray]) -> None:
    """Write a champion; see `Champion` for the arguments."""
    about = {"record": record.model_dump(mode="json"), "description": asdict(description)}
    sealed = {**about, _SEAL: files.content_hash(weights, {_KEY: files.canonical(about)})}
    # one entry: the library writes several in any order, and DVC hashes the bytes
    files.write_tensors(path, weights, {_KEY: json.dumps(sealed, sort_keys=True)})


def read(path: Path) -> Champion:
    """Read what `write` wrote.

    Raises
    ------
    DataError
        Where there is none, or it is damaged or of another version.
    """
    from safetensors import SafetensorError

    from pipeline.prepared import reader

    if not path.exists() and not paths.PARAMS.exists():
        raise DataError(
            f"{path} is not in {path.parent.parent.resolve()}: run the command in the project's folder, "
            "or make one with `optimizer-study init FOLDER`."
        )
    if not path.exists():
        inside = f"`git checkout -- {path}` brings the published one back, `dvc repro` makes one"
        raise DataError(f"there is no champion ({path} is missing): {paths.remedy(inside)}.")
    try:
        about, weights = json.loads(files.read_metadata(path)[_KEY]), files.read_tensors(path)
        expected = about.pop(_SEAL, None)
        if expected not in (None, files.content_hash(weights, {_KEY: files.canonical(about)})):
            raise ValueError(f"{path} is damaged")
        fields: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in about["description"].items()}
        record = ChampionRecord.model_validate(about["record"])
        return Champion(record, reader.Description(**fields), weights)
    except (SafetensorError, KeyError, TypeError, ValueError):
        # git and DVC go by size and time of change, and would take a damaged file for their own
        remedy = f"delete it, then `git checkout -- {path}` or `dvc repro evaluate`"
        raise DataError(f"{path} is damaged or of another version: {remedy}.") from None


def commit(path: Path) -> str:
    """Return the short commit that holds this very file, or ``uncommitted``."""
    if git.ask("status", "--porcelain", "--", str(path)):
        return "uncommitted"
    return git.ask("log", "-1", "--format=%h", "--", str(path)) or "uncommitted"
