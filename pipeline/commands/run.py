"""``python -m pipeline run``: the study from data to answer, or the demo where no data can be had."""

from __future__ import annotations

import os
import subprocess
import sys


def run() -> None:
    """Run `dvc repro` and end with the answer in a few lines.

    Where no source of CIFAR-10 can be reached, says so first, and runs the demo in its own folder instead; the
    project's own results stay as they are. Example, with an archive that is there already:

    CIFAR10_SOURCE=cifar-10-python.tar.gz python -m pipeline run
    """
    from pipeline.commands.demo import check_rows, demo, project_environment
    from pipeline.project import errors
    from pipeline.settings import loading

    loading.load()
    check_rows()
    problem = _fetch_problem()
    if problem is not None:
        print(f"{problem}\n\nThe study needs that data. Here is the demo instead.\n", file=sys.stderr)
        demo()
        print("The committed report of the study on CIFAR-10 is reports/report.html (and reports/report.md).")
        return
    status = subprocess.run(["dvc", "repro"], env=project_environment(), check=False).returncode  # noqa: S607
    if status:
        raise errors.UserError("the study stopped: see the message above; the same command goes on from there.")
    subprocess.run([sys.executable, "-m", "pipeline", "summary"], check=True)


def _fetch_problem() -> str | None:
    """Return why the data cannot be had, or None where it is there, in DVC's cache, or was fetched."""
    from pipeline.commands.demo import project_environment
    from pipeline.data import archives, sources
    from pipeline.data import settings as data_settings
    from pipeline.project import errors, paths

    data = data_settings.load()
    if data.archives and not paths.RAW.exists():
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
