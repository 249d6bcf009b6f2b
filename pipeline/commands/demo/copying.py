"""The demo's own copy of the project, with a smaller ``params.yaml``."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from pipeline.project import files
from pipeline.project.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

# The most of what makes a study long; six seeds are the fewest that can show two optimizers to be alike
_MOST = {
    "tuning": {"points": 6, "points_beyond": 2, "survivors": 2},
    "training": {"seeds": 6},
}
_EPOCHS = 5
# What the demo's copy of the project consists of
_PROJECT = ("dvc.yaml", "params.yaml", ".dvcignore", ".gitignore", "pipeline", "stages")


def copy_project(project: Path, folder: Path) -> None:
    """Copy what the pipeline needs into `folder`, and make those with ``demo: true`` the study of its ``params.yaml``."""
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
    yaml = YAML()  # keeps the comments
    yaml.width = 200
    content = yaml.load(params)
    _keep(content["problems"], [name for name, row in content["problems"].items() if row.get("demo")])
    if not content["problems"]:
        raise SettingsError("params.yaml: the demo needs a problem with `demo: true`.")
    for row in content["problems"].values():
        del row["demo"]
        row["epochs"] = min(row["epochs"], _EPOCHS)
    _keep(content["data"]["sets"], [row.get("data", name) for name, row in content["problems"].items()])
    content["data"]["archives"] = []
    rosters = [row.get("optimizers", content["optimizers"]) for row in content["problems"].values()]
    _keep(content["optimizers"], [name for roster in rosters for name in roster])
    _keep(content["comparison"].get("problem_margins", {}), content["problems"])
    for section, most in _MOST.items():
        for name, value in most.items():
            content[section][name] = min(content[section][name], value)
    with files.atomic(params) as temporary:
        yaml.dump(content, temporary)


def _keep(rows: dict[str, Any], names: Collection[str]) -> None:
    for name in [name for name in rows if name not in names]:
        del rows[name]
