"""``optimizer-study compare``: an optimizer of your own, judged as the study judges its own."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path  # noqa: TC003 - typer reads the annotation when it runs
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.console import printing
from pipeline.project import interrupts

if TYPE_CHECKING:
    from pipeline.commands.compare.compared import OptimizerComparison


def compare(
    optimizer: Annotated[
        str,
        typer.Argument(
            metavar="OPTIMIZER",
            help="path/to/file.py:Class, package.module:Class, a class of torch.optim, or a row of params.yaml.",
        ),
    ],
    problem: Annotated[
        str | None, typer.Option(help="A problem of params.yaml; the first one if not given. digits needs no download.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="The baseline, given like OPTIMIZER; that of params.yaml if not given.")
    ] = None,
    budget: Annotated[
        str, typer.Option(help="small: a search of six points, and six seeds; study: the whole search and all seeds.")
    ] = "small",
    arg: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="An argument of the class; can be repeated.")
    ] = None,
    learning_rates: Annotated[
        tuple[float, float] | None,
        typer.Option(
            metavar="LOWEST HIGHEST",
            help="The range to search; that of the row, or three decades around the class's default, if not given.",
        ),
    ] = None,
    keep: Annotated[
        str | None, typer.Option(metavar="NAME", help="Add the optimizer to params.yaml as a row of this name.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the comparison into this file: .svg, .png or .pdf.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Tune and train an optimizer as the study does, and compare it with the baseline, paired by seed.

    Finished trainings are kept: the same command goes on where it was stopped. results/ stays as it is. Examples:

    optimizer-study compare Adamax --problem digits

    optimizer-study compare my_optimizer.py:Lion --arg betas=0.9,0.99 --plot lion.svg
    """
    from pipeline.commands.compare import keeping
    from pipeline.commands.compare.comparing import compare_optimizer

    if keep is not None:
        keeping.check(keep, optimizer)
    if plot is not None:
        from pipeline.commands.compare import plot as plotting

        plotting.check(plot)
    # of the class's code: standard output is for the answer
    with interrupts.one_line(), redirect_stdout(sys.stderr):
        found = compare_optimizer(
            optimizer,
            problem,
            against=against,
            budget=budget,
            arguments=arg or (),
            learning_rates=learning_rates,
            show=not as_json,
        )
    lines = []
    if plot is not None:
        plotting.write(found, plot)
        lines.append(f"The picture: {plot}")
    if keep is not None:
        lines.append(keeping.keep(keep, found))
    if as_json:
        typer.echo(json.dumps(found.as_items(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(found, lines)


def _print(found: OptimizerComparison, lines: list[str]) -> None:
    rows = found.facts()
    known = {0: "none", found.trainings: "all"}.get(found.known, str(found.known))
    counts = f"{found.trainings} trainings, {known} of them known already"
    printing.table(list(rows[0]), [list(row.values()) for row in rows], f"{counts}; {found.seconds:.0f} seconds.")
    for line in [*found.remarks(), *lines, found.sentence]:
        typer.echo(line)
