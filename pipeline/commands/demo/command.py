"""``optimizer-study demo``: the whole pipeline on data that needs no download, in its own folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.demo.copying import copy_project
from pipeline.commands.run.copying import check_folder
from pipeline.commands.run.processes import check_rows, repro, run_in, run_study


def demo(
    folder: Annotated[
        Path, typer.Option(help="Folder of the demo: new, empty, or of an earlier demo, which is continued.")
    ] = Path("demo"),
) -> None:
    """Run the same pipeline on scikit-learn's handwritten digits, without any download, in about two minutes.

    Four optimizers take part. The demo has its own folder, DVC project and report, and never touches the results of
    the study. Example:

    optimizer-study demo --folder first-look
    """
    from pipeline.tracking import connection

    check_folder(folder)
    check_rows()
    copy_project(Path.cwd(), folder)
    # nobody watches its runs live; recording them costs every stage the import of MLflow
    later = {connection.TRACKING: connection.LATER}
    repro(folder, "prepare", variables=later)
    run_in(folder, [sys.executable, "-m", "pipeline.commands.run.ahead"], later)
    run_study(folder, later)
    print(f"This was the demo on handwritten digits. Its report: {folder}/reports/report.html")
    print(f"Its runs in MLflow: cd {folder} && {sys.executable} -m pipeline ui")
