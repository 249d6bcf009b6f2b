"""``optimizer-study init``: a project folder of one's own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path  # noqa: TC003 - typer reads the annotation when it runs
from typing import Annotated

import typer

from pipeline.project import files, git, shipped
from pipeline.project.errors import UserError

_README = """# A study of optimizers

`params.yaml` says which optimizers are compared, and on which problems. `dvc.yaml` is the flow from data to report;
`stages/` and `pipeline/` are its code. An optimizer of your own is a file in `optimizers/`, a problem one in
`pipeline/data/problems/`. `results/` holds the published results until yours take their place.

```bash
optimizer-study doctor   # is this machine ready?
optimizer-study demo     # a first look without a download, about two minutes
optimizer-study run      # the whole study, ends with the answer; --problems cifar10: a smaller one
dvc repro                # reruns what a change affects
```

In this folder `optimizer-study` runs the code of this folder, so you may change it.
"""


def init(
    folder: Annotated[
        Path, typer.Argument(help="The folder to make; if it exists, it must be empty.", metavar="FOLDER")
    ],
) -> None:
    """Make a project folder: settings, flow, code and the published results, under git and DVC.

    In it every command works, and you can add optimizers, problems and networks of your own. Example:

    optimizer-study init my-study
    """
    _refuse_used(folder)
    shipped.copy_files(shipped.folder(), folder)
    shipped.copy_code(folder)
    files.write_text(folder / "README.md", _README)
    print(f"{folder} is a project now{_put_under_git(folder)}. Its settings are in params.yaml. Next:")
    print(f"  cd {folder}")
    print("  optimizer-study doctor   # is this machine ready?")
    print("  optimizer-study demo     # a first look without a download, about two minutes")
    print("  optimizer-study run      # the whole study")


def _refuse_used(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; give the name of a new or empty folder.")
    if folder.is_dir() and (found := sorted(path.name for path in folder.iterdir())):
        raise UserError(f"{folder} is not empty (it has {found[0]}); give the name of a new or empty folder.")


def _put_under_git(folder: Path) -> str:
    """Make a git repository, unless the folder lies in one; DVC's own configuration has been copied already."""
    if shutil.which("git") is None:
        return ", but git is not installed, and DVC needs it: install it and run `git init` in the folder"
    inside = git.ask("-C", str(folder), "rev-parse", "--is-inside-work-tree") == "true"
    if not inside:
        subprocess.run(["git", "init", "--quiet", str(folder)], check=True)  # noqa: S603, S607
    return ", part of the git repository around it" if inside else ", with a git repository of its own"
