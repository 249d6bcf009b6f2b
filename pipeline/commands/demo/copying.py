"""The demo's own copy of the project, with a smaller ``params.yaml``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.commands.run.budget import SMALL
from pipeline.commands.run.copying import copy_files, edited, keep_optimizers, keep_problems
from pipeline.project.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

_EPOCHS = 5
# Beside the baseline, and all that torch does not bring along; a row that is not there is passed over
_OPTIMIZERS = ("sgd", "nesterov", "muon")


def copy_project(project: Path, folder: Path) -> None:
    """Copy what the pipeline needs into `folder`, and make the problems with ``demo: true`` its study."""
    copy_files(project, folder)
    with edited(folder / "params.yaml") as content:
        _shrink(content)


def _shrink(content: Any) -> None:
    names = [name for name, row in content["problems"].items() if row.get("demo")]
    if not names:
        raise SettingsError("params.yaml: the demo needs a problem with `demo: true`.")
    keep_problems(content, names)
    for row in content["problems"].values():
        row["epochs"] = min(row["epochs"], _EPOCHS)
    content["data"]["archives"] = []
    from_elsewhere = [name for name, row in content["optimizers"].items() if ":" in str(row["class"])]
    keep_optimizers(content, [*_OPTIMIZERS, content["comparison"]["baseline"], *from_elsewhere])
    for name, most in SMALL._asdict().items():
        section = content["training" if name == "seeds" else "tuning"]
        section[name] = min(section[name], most)
