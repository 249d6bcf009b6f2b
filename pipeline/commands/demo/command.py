"""``optimizer-study demo``: the whole pipeline on data that needs no download, in its own folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.demo.copying import copy_project
from pipeline.commands.run.copying import check_folder
from pipeline.commands.run.processes import check_rows, repro, run_in, run_study

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Of every kind of stage, once all trainings are there: only how they compare with one another counts, for the stages
# that have run tell how fast this machine is
_SECONDS = {"tune": 4.5, "train": 2.5, "evaluate": 15.0, "cost": 20.0, "compare": 8.0, "backprop": 6.0, "report": 20.0}


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
    from pipeline.commands.run import flow
    from pipeline.tracking import connection

    check_folder(folder)
    check_rows()
    print(f"A small study of handwritten digits, in {folder}/: about two minutes.", flush=True)
    copy_project(Path.cwd(), folder)
    # nobody watches its runs live; recording them costs every stage the import of MLflow
    later = {connection.TRACKING: connection.LATER}
    repro(folder, "prepare", variables=later)
    run_in(folder, [sys.executable, "-m", "pipeline.commands.run.ahead"], later)
    print("Now the stages find their trainings done.", flush=True)
    run_study(folder, later, _following(flow.named(folder)))
    print(f"This was the demo on handwritten digits. Its report: {folder}/reports/report.html")
    print(f"Its runs in MLflow: cd {folder} && {sys.executable} -m pipeline ui")


def _following(stages: Sequence[str]) -> Callable[[str], None]:
    from pipeline.commands.run.duration import Duration
    from pipeline.commands.run.following import Following

    kinds = {name: name.partition("@")[0] for name in stages}
    seconds = {name: _SECONDS[kind] for name, kind in kinds.items() if kind in _SECONDS}
    return Following(stages, Duration(seconds), lambda trained: "").line
