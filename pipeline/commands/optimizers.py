"""``python -m pipeline optimizers``: the rows of ``params.yaml`` at a glance."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.console import printing
from pipeline.project import files, paths
from pipeline.project.imports import without_collector
from pipeline.results.metrics import Metrics
from pipeline.running.outputs import Choice
from pipeline.settings import loading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.results.metrics import OptimizerMetrics
    from pipeline.settings.study import Settings

    Reached = Mapping[str, Mapping[str, OptimizerMetrics]]


def optimizers(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False) -> None:
    """Show every optimizer of params.yaml: its class, torch's defaults, its own arguments, its search.

    Refuses unknown classes and arguments; `doctor` also builds every optimizer and takes a step. Example:

    python -m pipeline optimizers --json
    """
    from pipeline.running import rows

    settings = loading.load()
    with without_collector():
        rows.check_names(settings)
    published = Metrics.read_if_there()
    reached = published.problems if published else {}
    shown = [_row(settings, name, reached) for name in settings.optimizers]
    if as_json:
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    titles = ("row", "class", "torch's defaults", "own arguments", "search", "best found")
    printing.table(titles, [_cells(row) for row in shown])


def _row(settings: Settings, name: str, reached: Reached) -> dict[str, Any]:
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
        "tuned": _tuned(settings, name, reached),
    }


def _tuned(settings: Settings, name: str, reached: Reached) -> dict[str, dict[str, Any]]:
    """Return by problem the best setting of the search: of the one done here, otherwise of the published results."""
    path = paths.choice(name)
    choices = files.read_json(path) if path.exists() else {}
    found = {}
    for problem in settings.searched_problems_of(name):
        if problem in choices:
            found[problem] = asdict(Choice.from_json(choices[problem]).survivors[0])
        elif (known := reached.get(problem, {}).get(name)) and known.search.trials:
            found[problem] = known.search.survivors[0].model_dump()
    return found


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
    return " ".join(
        (f"{found['learning_rate']:g}", *(f"{name}={value:g}" for name, value in found["arguments"].items()))
    )


def _arguments(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in arguments.items())
