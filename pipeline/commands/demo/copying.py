"""The demo's own copy of the project, with a smaller ``params.yaml``."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from pipeline.project import files
from pipeline.project.errors import SettingsError
from pipeline.settings import loading

if TYPE_CHECKING:
    from pathlib import Path

# Problems whose data comes with scikit-learn, and how long they are trained on; every optimizer and every seed stays
_EPOCHS = {"digits": 5, "digits_words": 3}
_POINTS = 5
# What the demo's copy of the project consists of
_PROJECT = ("dvc.yaml", "params.yaml", ".dvcignore", ".gitignore", "optimizers", "pipeline", "stages")


def copy_project(project: Path, folder: Path) -> None:
    """Copy what the pipeline needs into `folder`, and keep only cheaper offline problems in its ``params.yaml``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _PROJECT:
        source, target = project / name, folder / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy2(source, target)
    _shrink(folder / "params.yaml")


def _shrink(params: Path) -> None:
    yaml = loading.with_comments()
    content = yaml.load(params)
    for rows in (content["problems"], content["data"]["sets"]):
        for name in [name for name in rows if name not in _EPOCHS]:
            del rows[name]
    if not content["problems"]:
        raise SettingsError(f"params.yaml: the demo needs one of the problems {', '.join(_EPOCHS)}.")
    for name, row in content["problems"].items():
        row["epochs"] = min(row["epochs"], _EPOCHS[name])
    content["tuning"]["points"] = min(content["tuning"]["points"], _POINTS)
    content["data"]["archives"] = []
    with files.atomic(params) as temporary:
        yaml.dump(content, temporary)
