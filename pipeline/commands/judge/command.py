"""``optimizer-study judge``: a verdict on anybody's results."""

from __future__ import annotations

import json
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
        str | None,
        typer.Argument(
            metavar="TABLE", help="A CSV, TSV, Parquet or xlsx file (also gzipped), or - for standard input."
        ),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="The column to judge; not needed where there is only one, or test_accuracy.")
    ] = None,
    higher_is_better: Annotated[
        bool | None,
        typer.Option(
            "--higher-is-better/--lower-is-better", help="Needed where the metric's name does not say it, as loss does."
        ),
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
    where: Annotated[
        list[str] | None, typer.Option(help="Only rows with this value, such as batch_size=64; may be repeated.")
    ] = None,
    optimizer_column: Annotated[str | None, typer.Option(help="The column of the optimizer.")] = None,
    seed_column: Annotated[str | None, typer.Option(help="The column of the seed.")] = None,
    problem_column: Annotated[str | None, typer.Option(help="The column of the problem.")] = None,
    epoch_column: Annotated[str | None, typer.Option(help="The column of the epoch or step.")] = None,
    learning_rate_column: Annotated[str | None, typer.Option(help="The column of the learning rate.")] = None,
    mlflow: Annotated[str | None, typer.Option(help="Judge an MLflow experiment instead of a table.")] = None,
    tracking_uri: Annotated[
        str | None, typer.Option(help="The MLflow store; without it MLFLOW_TRACKING_URI, or that of the project.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Judge your own results: paired by seed, exact tests, Holm over all comparisons.

    The table has one row per run (and epoch), or one column per optimizer.
    It says what was understood, and asks for an option where that is not clear.
    The learning rate with the most seeds is judged, or every seed at the one that it has.
    Runs that a column `diverged` marks count as the worst. More: docs/how-to/your-results.md. Examples:

    optimizer-study judge results.csv

    optimizer-study judge results.csv --metric val_loss --baseline adam

    optimizer-study judge results.csv --metric test_accuracy --margin 0.005

    optimizer-study judge curves.csv --metric val_loss --last 3

    optimizer-study judge wide.csv --metric bleu

    optimizer-study judge wide.csv --higher-is-better --json

    cat results.csv | optimizer-study judge - --where batch_size=64

    optimizer-study judge --mlflow mine --tracking-uri sqlite:///mlflow.db
    """
    from pipeline.commands.judge.judgement import judge_results
    from pipeline.commands.judge.shown import as_items

    found = judge_results(
        results,
        metric=metric,
        higher_is_better=higher_is_better,
        last=last,
        margin=margin,
        baseline=baseline,
        where=where or (),
        optimizer_column=optimizer_column,
        seed_column=seed_column,
        problem_column=problem_column,
        epoch_column=epoch_column,
        learning_rate_column=learning_rate_column,
        mlflow=mlflow,
        tracking_uri=tracking_uri,
    )
    if as_json:
        typer.echo(json.dumps(as_items(found), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(found)


def _print(found: Judgement) -> None:
    from pipeline.commands.judge import shown

    console = printing.plain_console(_WIDTH_OF_A_FILE)
    console.print(f"Understood: {found.understood}.", soft_wrap=True)
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
