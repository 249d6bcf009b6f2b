"""``optimizer-study reproduce``: train recorded rows again, and compare what comes out with what was recorded."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.console import printing
from pipeline.project import environment
from pipeline.project.errors import SettingsError
from pipeline.settings import loading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.commands.reproduce.recorded import Row


def reproduce(
    problem: Annotated[str | None, typer.Option(help="Of this problem; the smallest one if not given.")] = None,
    optimizer: Annotated[
        list[str] | None, typer.Option(help="Of this optimizer only; may be given several times.")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(metavar="51-56", help="These seeds, such as 51,57 or 51-56; the first if not given.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every recorded row, of every problem unless one is given.")
    ] = False,
    run: Annotated[
        str | None, typer.Option(metavar="ID", help="Instead: the training of this MLflow run, from its own record.")
    ] = None,
) -> None:
    """Train again what results/runs.csv records, and compare: bit-identical, statistically consistent, or different.

    Works in a fresh clone: missing data is fetched and prepared, finished trainings are not used, nothing of the study
    is changed. Rows that are not bit-identical are compared with the recorded seeds by the study's own statistics. The
    exit status is 1 if they are different. Examples:

    optimizer-study reproduce

    optimizer-study reproduce --problem cifar10 --optimizer nesterov --seeds 51-52
    """
    if run is not None:
        _refuse_together(problem, optimizer, seeds, everything)
        from pipeline.commands.reproduce import of_run

        of_run.reproduce(run)
        return
    from pipeline.commands.reproduce import again, agreement, recorded

    settings = loading.load()
    rows = recorded.chosen(settings, problem, optimizer, seeds, everything=everything)
    found = again.train(rows, settings, _say)
    _print_rows(found)
    judged = [agreement.judge(name, own) for name, own in agreement.by_problem(found).items()]
    for one in judged:
        print(one.sentence)
    if not all(one.identical for one in judged):
        _explain(rows, found)
    if any(one.different for one in judged):
        raise typer.Exit(1)


def _refuse_together(*others: object) -> None:
    if any(others):
        raise SettingsError("--run names one training: give no --problem, --optimizer, --seeds or --all with it.")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _print_rows(found: Iterable[tuple[Row, Row]]) -> None:
    from pipeline.commands.reproduce.agreement import is_identical, shown

    rows = [
        (
            *(old.problem, old.optimizer, str(old.seed), shown(old), shown(new)),
            "bit-identical" if is_identical(old, new) else "differs",
        )
        for old, new in found
    ]
    printing.table(("problem", "optimizer", "seed", "recorded", "here", "result"), rows)


def _explain(rows: Iterable[Row], found: Iterable[tuple[Row, Row]]) -> None:
    """Say what differs between this machine and code and those of the study."""
    for line in differences_here():
        _say(line)
    if any(old.key != new.key for old, new in found):
        _say(
            "The settings or the code of the trainings, the data, or torch, numpy or numba have changed since: "
            "compare with the commit that `git log -1 results/` names."
        )
    _say("Another processor or another version of torch may round differently.")


def differences_here() -> list[str]:
    """Return a line for each thing in which this machine differs from the one of ``results/environment.json``."""
    from pipeline.results.environment import Environment

    now = _flat(Environment.model_validate(environment.describe()))
    then = Environment.read_if_there()
    before = now if then is None else _flat(then)
    return [f"{name}: {before.get(name)} then, {new} now" for name, new in now.items() if new != before.get(name)]


def _flat(found: object) -> dict[str, object]:
    rest = dict(vars(found))
    return {**rest, **rest.pop("versions")}
