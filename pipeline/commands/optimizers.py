"""``python -m pipeline optimizers``: the rows of ``params.yaml`` at a glance."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.console import printing
from pipeline.project import files, paths
from pipeline.running.outputs import Choice
from pipeline.settings import loading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.settings.study import Settings


def optimizers(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False) -> None:
    """Show every optimizer of params.yaml: its class, torch's defaults, its own arguments, its search.

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
    titles = ("row", "class", "torch's defaults", "own arguments", "search", "best found")
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
        "search": {argument: space.model_dump(exclude_none=True) for argument, space in row.search.items()},
        "default_learning_rate": row.default_learning_rate,
        "tuned": _tuned(settings, name),
    }


def _tuned(settings: Settings, name: str) -> dict[str, dict[str, Any]]:
    """Return by problem the best setting of the search."""
    path = paths.choice(name)
    choices = files.read_json(path) if path.exists() else {}
    searched = [problem for problem in settings.searched_problems_of(name) if problem in choices]
    return {problem: asdict(Choice.from_json(choices[problem]).survivors[0]) for problem in searched}


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    rest = f"; rest: {row['rest']['class']} {_arguments(row['rest']['arguments'])}" if row["rest"] else ""
    search = "\n".join(f"{argument} {_range(space)}" for argument, space in row["search"].items())
    tuned = "\n".join(f"{problem} {_setting(found)}" for problem, found in row["tuned"].items()) or "not tuned yet"
    own = _arguments(row["arguments"]) + rest
    return row["optimizer"], row["class"], _arguments(row["defaults"]), own, search, tuned


def _range(space: Mapping[str, Sequence[float]]) -> str:
    ((_, (low, high)),) = space.items()
    # these are distances from 1
    return f"{1 - high:g} to {1 - low:g}" if "one_minus_log_uniform" in space else f"{low:g} to {high:g}"


def _setting(found: Mapping[str, Any]) -> str:
    return " ".join((f"{found['learning_rate']:g}", *(f"{name}={value:g}" for name, value in found["arguments"].items())))


def _arguments(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in arguments.items())
