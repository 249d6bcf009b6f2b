"""``optimizer-study doctor``: whether this machine and this project are ready for the study."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from pipeline.console import printing

if TYPE_CHECKING:
    from pipeline.commands.doctor.finding import Finding, Mark

_STYLES: dict[Mark, str] = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False) -> None:
    """Check what the study needs: versions, settings, machine, data, the MLflow store, what is stale.

    Changes nothing, and tries no URL of the data. The exit status is 1 if something would stop the study. Example:

    optimizer-study doctor --json
    """
    found = examine()
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False))
    else:
        _print(found)
    if any(one.mark == "problem" for one in found):
        raise typer.Exit(1)


def examine() -> list[Finding]:
    """Look at everything, in the order in which it is shown; without valid settings, leave out what needs them."""
    from concurrent.futures import ThreadPoolExecutor

    from pipeline.commands.doctor import data, flow, machine, parameters, store, versions

    # each of the two waits for a process or a server, while torch is imported here
    with ThreadPoolExecutor() as waiting:
        stale, runs = waiting.submit(flow.stale), waiting.submit(store.runs)
        settings, of_settings = parameters.check()
        found = [*versions.check(), of_settings, *machine.check(settings)]
        if settings is not None:
            found += data.check_all()
        return [*found, runs.result(), stale.result()]


def _print(found: list[Finding]) -> None:
    rows = []
    for one in found:
        what = Text(one.found)
        if one.remedy:
            what.append(f"\n→ {one.remedy}", style="bold")
        rows.append((Text(one.mark, style=_STYLES[one.mark]), one.subject, what))
    printing.table(("", "subject", "found"), rows, _last_line(found))


def _last_line(found: list[Finding]) -> str:
    problems, warnings = (sum(one.mark == mark for one in found) for mark in ("problem", "warning"))
    if problems:
        return f"{problems} of {len(found)} would stop the study."
    return "The study can run." + (f" Worth a look: {warnings} of {len(found)}." if warnings else "")
