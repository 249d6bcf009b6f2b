"""``python -m pipeline check``: whether a file of one's own can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from pipeline.console import printing

if TYPE_CHECKING:
    from pipeline.commands.check.examining import Checked

check = typer.Typer(help="Check a file of your own against what the study expects of it.", no_args_is_help=True)


@check.callback()
def anything() -> None:
    """Check a file of your own against what the study expects of it."""


@check.command()
def problem(
    name: Annotated[str, typer.Argument(help="The name of the file in pipeline/data/problems/, without .py.")],
) -> None:
    """Check a data set of your own: its file, its examples, and a few steps of training on them.

    Says what is wrong, with the shapes and types that were found and what they must be; prints the lines that
    params.yaml lacks; writes nothing into the project. The exit status is 2 until all is right. Example:

    python -m pipeline check problem digits
    """
    from pipeline.commands.check import examining

    checked = examining.check_problem(name)
    _print(checked)
    if not checked.ready:
        raise typer.Exit(2)


def _print(checked: Checked) -> None:
    rows = [
        (Text("ok", style="green") if one.ok else Text("wrong", style="bold red"), one.what, one.found)
        for one in checked.findings
    ]
    printing.table(("", "what", "found"), rows, checked.last_line)
    if checked.missing:
        typer.echo(checked.missing)
