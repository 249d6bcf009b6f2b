"""The demo's own copy of the project, with a smaller ``params.yaml``."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from pipeline.project import files
from pipeline.project.errors import SettingsError
from pipeline.settings import loading

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

# The most of what makes a study long; six seeds are the fewest that can show two optimizers to be alike
_MOST = {
    "tuning": {"points": 6, "points_beyond": 2, "survivors": 2},
    "training": {"seeds": 6},
}
_EPOCHS = 5
# Beside the baseline, and all that torch does not bring along; a row that is not there is passed over
_OPTIMIZERS = ("sgd", "nesterov", "muon")
# What the demo's copy of the project consists of
_PROJECT = ("dvc.yaml", "params.yaml", ".dvcignore", ".gitignore", "optimizers", "pipeline", "stages")


def copy_project(project: Path, folder: Path) -> None:
    """Copy what the pipeline needs into `folder`, and make the problems with ``demo: true`` its study."""
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
    _keep(content["problems"], [name for name, row in content["problems"].items() if row.get("demo")])
    if not content["problems"]:
        raise SettingsError("params.yaml: the demo needs a problem with `demo: true`.")
    for row in content["problems"].values():
        del row["demo"]
        row["epochs"] = min(row["epochs"], _EPOCHS)
    _keep(content["data"]["sets"], [row.get("data", name) for name, row in content["problems"].items()])
    content["data"]["archives"] = []
    from_elsewhere = [name for name, row in content["optimizers"].items() if ":" in str(row["class"])]
    _keep(content["optimizers"], [*_OPTIMIZERS, content["comparison"]["baseline"], *from_elsewhere])
    margins = content["comparison"].get("problem_margins", {})
    _keep(margins, content["problems"])
    if not margins:
        # an emptied mapping would be written where YAML does not allow it
        content["comparison"].pop("problem_margins", None)
    for section, most in _MOST.items():
        for name, value in most.items():
            content[section][name] = min(content[section][name], value)
    with files.atomic(params) as temporary:
        yaml.dump(content, temporary)


def _keep(rows: dict[str, Any], names: Collection[str]) -> None:
    for name in [name for name in rows if name not in names]:
        del rows[name]
