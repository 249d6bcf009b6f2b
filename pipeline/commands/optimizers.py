"""``python -m pipeline optimizers``: the rows of ``params.yaml`` at a glance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.console import printing
from pipeline.project import files, paths
from pipeline.settings import loading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.settings.study import Settings


def optimizers(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False) -> None:
    """Show every optimizer of params.yaml: its class, torch's defaults, its own arguments, tuned learning rates.

    Checks every row first. Example:

    python -m pipeline optimizers --json
    """
    from pipeline.running import rows

    settings = loading.load()
    rows.check_here(settings)
    shown = [_row(settings, name) for name in settings.optimizers]
    if as_json:
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    titles = ("row", "class", "torch's defaults", "own arguments", "grid's centre", "tuned learning rates")
    printing.table(titles, [_cells(row) for row in shown])


def _row(settings: Settings, name: str) -> dict[str, Any]:
    from pipeline.running import rows

    row = settings.optimizers[name]
    return {
        "optimizer": name,
        "label": row.label,
        "class": row.class_name,
        "defaults": rows.defaults(row.class_name),
        "arguments": row.arguments,
        "rest": row.rest.model_dump(by_alias=True) if row.rest else None,
        "learning_rate_centre": row.learning_rate_centre,
        "tuned": _tuned(settings, name),
    }


def _tuned(settings: Settings, name: str) -> dict[str, float]:
    path = paths.choice(name)
    choices = files.read_json(path) if path.exists() else {}
    return {problem: choices[problem]["learning_rate"] for problem in settings.problems_of(name) if problem in choices}


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    rest = f"; rest: {row['rest']['class']} {_arguments(row['rest']['arguments'])}" if row["rest"] else ""
    tuned = "\n".join(f"{problem} {rate:g}" for problem, rate in row["tuned"].items()) or "not tuned yet"
    own = _arguments(row["arguments"]) + rest
    return row["optimizer"], row["class"], _arguments(row["defaults"]), own, f"{row['learning_rate_centre']:g}", tuned


def _arguments(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in arguments.items())
