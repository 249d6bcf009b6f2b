"""``optimizer-study recommend``: what to use, from the study's results."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.console import printing

if TYPE_CHECKING:
    from pipeline.reporting.items import Table
    from pipeline.results.recommendations import Recommendations


def recommend(
    problem: Annotated[
        str | None, typer.Option(help="Of this problem only, with every optimizer that is not worse.")
    ] = None,
    budget: Annotated[
        int | None, typer.Option(help="How many settings you can try; 1, 3 and the whole search if not given.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead, laid out as results/recommendations.json.")
    ] = False,
) -> None:
    """Say which optimizer to use, from which setting to start, where to search, and what to expect.

    Reads results/ alone, so it works in a fresh clone. How it is found: docs/how-to/what-to-use.md. Examples:

    optimizer-study recommend

    optimizer-study recommend --problem cifar10 --budget 3
    """
    from pipeline.commands.recommend import recommending

    found = recommending.recommend(problem, budget)
    if as_json:
        content = {"schema": found.SCHEMA, **found.model_dump(mode="json")}
        typer.echo(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(found, detailed=problem is not None)


def _print(found: Recommendations, *, detailed: bool) -> None:
    from pipeline.commands.recommend import recommending
    from pipeline.reporting.formats.markdown import plain
    from pipeline.reporting.sections import recommend as section

    if detailed:
        for problem in found.problems.values():
            _print_table(section.details(problem))
    else:
        _print_table(section.table(found))
    for text in (*section.sentences(found), "", section.HOW, section.GROUPS):
        print(plain(text))
    print(f"Source: {recommending.source()}")


def _print_table(table: Table) -> None:
    from pipeline.reporting.formats.markdown import plain

    printing.table(table.header, [[plain(cell) for cell in row] for row in table.rows])
