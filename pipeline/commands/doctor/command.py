"""``python -m pipeline doctor``: whether this machine and this project are ready for the study."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipeline.commands.doctor.finding import Finding, Mark

_WIDTH_OF_A_FILE = 150
_STYLES: dict[Mark, str] = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Check what the study needs: versions, settings, machine, data, the MLflow store, what is stale.

    Nothing is changed, and no URL of the data is tried. Exit status 1 where something would stop the study. Example:

    python -m pipeline doctor --json
    """
    from pipeline.commands.doctor import examine

    found = examine()
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False))
    else:
        _print(found)
    if any(one.mark == "problem" for one in found):
        raise typer.Exit(1)


def _print(found: list[Finding]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("", "subject", "found", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for one in found:
        what = Text(one.found, overflow="fold")
        if one.remedy:
            what.append(f"\n→ {one.remedy}", style="bold")
        table.add_row(Text(one.mark, style=_STYLES[one.mark]), one.subject, what)
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, width=_WIDTH_OF_A_FILE)
    console.print(table)
    console.print(_last_line(found), soft_wrap=True)


def _last_line(found: list[Finding]) -> str:
    problems, warnings = (sum(one.mark == mark for one in found) for mark in ("problem", "warning"))
    if problems:
        return f"{problems} of {len(found)} would stop the study."
    return "The study can run." + (f" Worth a look: {warnings} of {len(found)}." if warnings else "")
