"""Copies of the project for smaller studies, each with a ``params.yaml`` of its own."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipeline.comparison.settings import USUAL
from pipeline.project import files
from pipeline.project.errors import UserError
from pipeline.results.other_seeds import OtherSeeds
from pipeline.settings import loading

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

# What a study needs of the project
_PROJECT = (
    *("dvc.yaml", "params.yaml", ".dvcignore", ".gitignore", "optimizers", "pipeline", "stages"),
    str(OtherSeeds.PATH),  # of all results the one that no stage writes
)

_MARK = ".copied-by-optimizer-study"
_WHAT_THE_MARK_SAYS = "A copy of a project by optimizer-study: its code and params.yaml are replaced by the next run.\n"


def check_folder(folder: Path) -> None:
    """Refuse a folder with files of somebody else: a copy would replace its code and its ``params.yaml``."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; give the name of a new or empty folder.")
    if folder.is_dir() and not (folder / _MARK).exists() and (found := sorted(path.name for path in folder.iterdir())):
        raise UserError(
            f"{folder} is not empty (it has {found[0]}) and no earlier copy of this program's: "
            "give the name of a new or empty folder, or remove it."
        )


def copy_files(project: Path, folder: Path) -> None:
    """Copy what the pipeline needs into `folder`; what is there already of an earlier copy is replaced.

    Raises
    ------
    UserError
        If the folder holds anything but an earlier copy.
    """
    check_folder(folder)
    files.write_text(folder / _MARK, _WHAT_THE_MARK_SAYS)
    for name in _PROJECT:
        source, target = project / name, folder / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            target.parent.mkdir(exist_ok=True)
            shutil.copy2(source, target)


@contextmanager
def edited(params: Path) -> Iterator[Any]:
    """Yield the content of a ``params.yaml``, to be changed, and write it back with its comments."""
    yaml = loading.with_comments()
    content = yaml.load(params)
    yield content
    with files.atomic(params) as temporary:
        yaml.dump(content, temporary)


def keep_problems(content: Any, names: Collection[str]) -> None:
    """Make some problems the whole study, and drop what belongs to others alone: data sets and margins."""
    keep(content["problems"], names)
    for row in content["problems"].values():
        row.pop("demo", None)
    keep(content["data"]["sets"], [row.get("data", name) for name, row in content["problems"].items()])
    margins = content["comparison"].get("problem_margins", {})
    keep(margins, names)
    if not margins:
        # an emptied mapping would be written where YAML does not allow it
        content["comparison"].pop("problem_margins", None)


def keep_optimizers(content: Any, names: Collection[str]) -> None:
    """Drop all optimizers but those named; also from the groups of the comparison, unless it passes them over."""
    gone = [name for name in content["optimizers"] if name not in {*names, *USUAL}]
    keep(content["optimizers"], names)
    for group in ("adaptive", "not_adaptive"):
        for name in [name for name in content["comparison"][group] if name in gone]:
            content["comparison"][group].remove(name)


def keep(rows: dict[str, Any], names: Collection[str]) -> None:
    """Drop all rows but those named."""
    for name in [name for name in rows if name not in names]:
        del rows[name]
