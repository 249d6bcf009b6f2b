"""``python -m pipeline judge``: a verdict on anybody's results."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - typer reads the annotation when it runs
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.console import printing

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.commands.judge.judgement import Judgement

_WIDTH_OF_A_FILE = 130
_NAMES = ("problem", "optimizer", "comparison")


def judge(
    results: Annotated[
        Path, typer.Argument(help="A CSV: optimizer, seed and a metric; optional are problem, epoch, learning_rate.")
    ],
    metric: Annotated[
        str | None, typer.Option(help="The column to judge; not needed where there is only one, or test_accuracy.")
    ] = None,
    higher_is_better: Annotated[
        bool | None,
        typer.Option("--higher-is-better/--lower-is-better", help="Taken from the metric's name where not given."),
    ] = None,
    last: Annotated[int, typer.Option(help="How many of the last epochs are averaged.")] = 1,
    margin: Annotated[
        float | None,
        typer.Option(
            help="The largest difference that does not matter, in the metric's own unit "
            "(0.005 is half a percentage point of an accuracy between 0 and 1)."
        ),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Compare every optimizer with this one instead of all pairs.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Judge the results of a CSV: paired by seed, exact sign-flip test, Holm over all comparisons.

    With a learning_rate column, each optimizer's runs are those at the learning rate with the most seeds. Example:

    python -m pipeline judge results.csv --metric test_accuracy --baseline adam --margin 0.005
    """
    from pipeline.commands.judge.judgement import judge_results
    from pipeline.commands.judge.shown import as_items

    found = judge_results(
        results, metric=metric, higher_is_better=higher_is_better, last=last, margin=margin, baseline=baseline
    )
    if as_json:
        typer.echo(json.dumps(as_items(found), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(found)


def _print(found: Judgement) -> None:
    from pipeline.commands.judge import shown

    console = printing.plain_console(_WIDTH_OF_A_FILE)
    console.print(shown.headline(found), soft_wrap=True)
    console.print(_table(shown.optimizers(found)))
    console.print(_table(shown.comparisons(found)))
    for line in shown.remarks(found):
        console.print(line, soft_wrap=True)


def _table(rows: list[dict[str, str]]) -> Table:
    table = printing.empty_table()
    for name in rows[0]:
        if name in _NAMES:
            table.add_column(name, overflow="fold", min_width=8)
        elif name == "conclusion":
            table.add_column(name)
        else:
            table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row.values())
    return table
