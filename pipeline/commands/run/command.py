"""``optimizer-study run``: the study from data to answer, or the demo where the data cannot be fetched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pipeline.commands.demo.command import demo
from pipeline.commands.run.processes import check_rows, project_environment, run_study
from pipeline.project import errors, paths


def run() -> None:
    """Run the study (`dvc repro`), and end with the answer in a few lines.

    If no source of CIFAR-10 can be reached, it says so first and runs the demo in its own folder instead; the results
    of the project stay as they are. Example, with an archive that is already there:

    CIFAR10_SOURCE=cifar-10-python.tar.gz optimizer-study run
    """
    check_rows()
    problem = _fetch_problem()
    if problem is None:
        run_study(Path.cwd())
        return
    print(f"{problem}\n\nThe study needs that data. Here is the demo instead.\n", file=sys.stderr)
    demo()
    print("The committed report of the study on CIFAR-10 is reports/report.html (and reports/report.md).")


def _fetch_problem() -> str | None:
    """Return why the data cannot be fetched, or None where it is there now."""
    from pipeline.data import archives, sources
    from pipeline.data import settings as data_settings

    data = data_settings.load()
    if data.archives and not paths.RAW.exists():
        # it may be in DVC's cache
        command = ["dvc", "checkout", "--quiet", str(paths.RAW)]
        subprocess.run(command, env=project_environment(), check=False, capture_output=True)  # noqa: S603
    try:
        for name in data.archives:
            if archives.sizes_fit(archives.ARCHIVES[name], paths.raw(name)):
                continue  # stage fetch checks the hashes
            order = sources.sources_in_order(data.sources, os.environ)
            sources.fetch(archives.ARCHIVES[name], order, paths.raw(name), paths.DOWNLOADS)
    except errors.DataError as error:
        return str(error)
    return None
