"""A study of some of the problems: a copy of the project in a folder of its own.

The project's settings, ``dvc.lock`` and results stay as they are. Finished trainings, recorded runs and DVC's cache are
the project's, so that a training counts for both studies.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.commands.run.copying import copy_files, edited, keep_optimizers, keep_problems
from pipeline.commands.run.processes import project_environment
from pipeline.project import paths
from pipeline.project.errors import SettingsError, UserError
from pipeline.project.wording import closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.settings.study import Settings


def chosen(text: str, settings: Settings) -> list[str]:
    """Return the problems named in a text, such as ``cifar10,next_word``, in the order of their rows.

    With each comes the problem that its settings are tuned on.

    Raises
    ------
    UserError
        If a name is unknown, or there is none.
    """
    asked = [name for name in re.split(r"[,\s]+", text) if name]
    for name in asked:
        if name not in settings.problems:
            raise SettingsError(f"--problems {name}: there is no such problem{closest(name, settings.problems)}.")
    if not asked:
        raise UserError(f"--problems: name one or more problems, such as --problems {settings.main_problem}.")
    wanted = {*asked, *(settings.problems[name].tuned_on for name in asked)}
    return [name for name in settings.problems if name in wanted]


def make(project: Path, names: Sequence[str], settings: Settings) -> Path:
    """Copy the project into ``subset-…/``, with some problems alone in its ``params.yaml``; return that folder."""
    folder = project / f"subset-{'-'.join(names)}"
    copy_files(project, folder)
    wanted = archives(settings.data_of(name) for name in names)
    taking_part = {row for name in names for row in settings.roster(name)}
    with edited(folder / paths.PARAMS) as content:
        keep_problems(content, names)
        keep_optimizers(content, [*taking_part, content["comparison"]["baseline"]])
        data = content["data"]
        data["archives"] = [name for name in data["archives"] if name in wanted]
        data["sources"] = [*(str(_above(paths.raw(name))) for name in data["archives"]), *_sources(data["sources"])]
    _share_cache(project, folder)
    return folder


def archives(data_sets: Iterable[str]) -> set[str]:
    """Return the archives that data sets are made from."""
    from pipeline.data import problems

    found = {problems.by_name(name).ARCHIVE for name in data_sets}
    return {name for name in found if name is not None}


def _sources(configured: Iterable[Any]) -> list[str]:
    """Return the project's sources of data as they are called from a folder inside it."""
    return [source if "://" in source else str(_above(Path(source))) for source in map(str, configured)]


def _above(path: Path) -> Path:
    return path if path.is_absolute() or path.parts[0] == "~" else Path("..") / path


def _share_cache(project: Path, folder: Path) -> None:
    """Let the copy be a DVC project that keeps its files in the cache of the project, and finds what that made."""
    if (folder / ".dvc").exists() or not (project / ".dvc").exists():
        return
    _dvc("init", "--no-scm", "--quiet", folder=folder)
    _dvc("cache", "dir", _dvc("cache", "dir", folder=project).strip(), folder=folder)


def _dvc(*arguments: str, folder: Path) -> str:
    command = ["dvc", *arguments]
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, env=project_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UserError(f"`{' '.join(command)}` failed in {folder.resolve()}: {done.stderr.strip()}")
    return done.stdout
