"""``python -m pipeline demo``: the whole pipeline on data that needs no download, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

# Problems made from data that scikit-learn brings along
OFFLINE = ("digits", "digits_words")
# Every optimizer and every seed stays, the trainings are shorter and the grids smaller
_EPOCHS = {"digits": 5, "digits_words": 3}
_POINTS = 5
# What the demo's copy of the project consists of
_PROJECT = ("dvc.yaml", "params.yaml", ".dvcignore", ".gitignore", "pipeline", "stages")

_CHECK = """
from pipeline import config, errors, running
with errors.one_message():
    running.check_here(config.load())
"""


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo works; made anew, or gone on with.")] = Path("demo"),
) -> None:
    """Run the same pipeline on scikit-learn's handwritten digits, without any download, in about two minutes.

    The demo has its own folder, DVC project and report: it never touches the study's own results. Example:

    python -m pipeline demo --folder first-look
    """
    from pipeline.project import errors
    from pipeline.tracking import connection

    check_rows()
    copy_project(Path.cwd(), folder)
    # nobody watches its runs live; recording them costs every stage the import of MLflow
    environment = {**project_environment(), connection.TRACKING: connection.LATER}
    commands = [["dvc", "repro"], [sys.executable, "-m", "pipeline", "summary"]]
    if not (folder / ".dvc").exists():
        commands.insert(0, ["dvc", "init", "--no-scm", "--quiet"])
    for command in commands:
        status = subprocess.run(command, cwd=folder, env=environment, check=False).returncode  # noqa: S603
        if status:
            raise errors.UserError(f"the demo stopped in {folder}/: see the message above.")
    print(f"This was the demo on handwritten digits. Its report: {folder}/reports/report.html")
    print(f"Its runs in MLflow: cd {folder} && {sys.executable} -m pipeline ui")


def check_rows() -> None:
    """Check every optimizer and network of ``params.yaml`` against torch, before any work.

    Raises
    ------
    SystemExit
        With the check's own exit status, after its message.
    """
    # in a process of its own, so that torch's memory is not kept for as long as the study runs
    command = [sys.executable, "-c", _CHECK]
    status = subprocess.run(command, env=project_environment(), check=False).returncode  # noqa: S603
    if status:
        raise SystemExit(status)


def project_environment() -> dict[str, str]:
    """Return an environment in which DVC's stages find this Python, and know of no other DVC project."""
    here = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ.get('PATH', '')}"}
    for name in ("DVC_ROOT", "DVC_STAGE", "DVC_EXP_NAME"):
        environment.pop(name, None)
    return environment


def copy_project(project: Path, folder: Path) -> None:
    """Copy what the pipeline needs into `folder`, with a smaller ``params.yaml``: the offline problems, made cheaper.

    Raises
    ------
    SettingsError
        Where ``params.yaml`` has none of the offline problems.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in _PROJECT:
        source, target = project / name, folder / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy2(source, target)
    _write_params(project / "params.yaml", folder / "params.yaml")


def _write_params(source: Path, target: Path) -> None:
    import yaml

    from pipeline.project import errors, files

    content = yaml.safe_load(source.read_text(encoding="utf-8"))
    offline = {name: row for name, row in content["problems"].items() if name in OFFLINE}
    if not offline:
        raise errors.SettingsError(f"{source}: the demo needs one of the problems {', '.join(OFFLINE)}.")
    content["problems"] = {name: {**row, "epochs": min(row["epochs"], _EPOCHS[name])} for name, row in offline.items()}
    content["tuning"]["points"] = min(content["tuning"]["points"], _POINTS)
    content["data"]["archives"] = []
    content["data"]["sets"] = {name: row for name, row in content["data"]["sets"].items() if name in OFFLINE}
    files.write_text(target, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
