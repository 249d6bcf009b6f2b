"""``optimizer-study run``: the study from data to answer, or the demo where the data cannot be fetched."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.demo.command import demo
from pipeline.commands.run import repository, subset
from pipeline.commands.run.processes import check_rows, project_environment
from pipeline.project import errors, paths
from pipeline.settings import loading

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(
    problems: Annotated[
        str | None,
        typer.Option(help="Some problems alone, with commas between them; in a folder of their own.", metavar="NAMES"),
    ] = None,
) -> None:
    """Run the study (`dvc repro`), and end with the answer in a few lines.

    It says first how long that takes on this machine. A study of some problems alone (--problems cifar10,next_word) is
    made in a folder of its own, subset-…/; the project's settings and results stay as they are.

    If no source of CIFAR-10 can be reached, it says so and runs the demo in its own folder instead. Example, with an
    archive that is already there:

    CIFAR10_SOURCE=cifar-10-python.tar.gz optimizer-study run
    """
    from pipeline.commands.run.watched import run_and_tell

    names = None if problems is None else subset.chosen(problems, loading.load())
    check_rows()
    repository.check()
    repository.check_lock()
    settings = loading.load()
    names = names or settings.study
    whole = names == settings.study
    problem = _fetch_problem(None if whole else subset.archives(map(settings.data_of, names)))
    if problem is not None:
        print(f"{problem}\n\nThe study needs that data. Here is the demo instead.\n", file=sys.stderr)
        demo()
        print("The committed report of the study on CIFAR-10 is reports/report.html (and reports/report.md).")
    elif whole:
        run_and_tell(paths.memo())
    else:
        _run_some(names)


def _run_some(names: Sequence[str]) -> None:
    from pipeline.commands.run.watched import run_and_tell

    project = Path.cwd()
    folder = subset.make(project, names, loading.load())
    # finished trainings and the runs in MLflow are the project's: `paths.shared_root`
    with contextlib.chdir(folder):
        run_and_tell(project / ".memo", {"DVC_ROOT": str(project)})
    left = f"a study of {', '.join(names)} alone; the results of the whole study are as they were"
    print(f"This was {left}. Its report: {folder.relative_to(project)}/reports/report.html")


def _fetch_problem(wanted: set[str] | None) -> str | None:
    """Return why some archives, or all, cannot be fetched; None where they are there now."""
    from pipeline.data import archives, sources
    from pipeline.data import settings as data_settings

    data = data_settings.load()
    needed = [name for name in data.archives if wanted is None or name in wanted]
    if needed and not paths.RAW.exists():
        # it may be in DVC's cache
        command = ["dvc", "checkout", "--quiet", str(paths.RAW)]
        # a group of its own, which Ctrl-C does not reach: `subprocess.run` ends it
        subprocess.run(command, env=project_environment(), check=False, capture_output=True, process_group=0)  # noqa: S603
    try:
        for name in needed:
            if archives.sizes_fit(archives.ARCHIVES[name], paths.raw(name)):
                continue  # stage fetch checks the hashes
            order = sources.sources_in_order(data.sources, os.environ)
            sources.fetch(archives.ARCHIVES[name], order, paths.raw(name), paths.DOWNLOADS)
    except errors.DataError as error:
        return str(error)
    return None
