"""``python -m pipeline reproduce``: whether finished trainings come out the same here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.settings.study import Settings
    from pipeline.training.record import Outcome


def reproduce(
    problem: Annotated[str | None, typer.Option(help="Of this problem; the smallest one if not given.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="Of this optimizer only.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every seed, of every problem unless one is given.")
    ] = False,
) -> None:
    """Train again what the study trained, and compare weights and history byte for byte.

    By default one seed of every optimizer on the smallest problem. Nothing of the study is changed. Exit status 1
    where anything differs. Example:

    python -m pipeline reproduce --problem digits --optimizer adam
    """
    import tempfile
    from pathlib import Path

    from pipeline.console.progress import progress
    from pipeline.project import paths
    from pipeline.running import settings as execution_settings
    from pipeline.running import trainings
    from pipeline.running.planning import short_name
    from pipeline.settings import loading

    settings = loading.load()
    before = _sample(settings, problem, optimizer, everything=everything)
    with tempfile.TemporaryDirectory() as scratch, progress("reproduce", len(before), "trainings") as bar:
        again = trainings.run(
            [outcome.training for outcome in before],
            lambda name: paths.learning(settings.data_of(name)),
            execution_settings.load().worker_count(),
            Path(scratch),
            lambda outcome, _: bar.advance(note=short_name(outcome.training)),
        )
    answers = [differences(old, new) for old, new in zip(before, again, strict=True)]
    _print(before, answers)
    if any(answers):
        _explain(before, again)
        raise typer.Exit(1)


def differences(old: Outcome, new: Outcome) -> list[str]:
    """Return which of ``history`` and ``weights`` differ in any bit."""
    found = []
    # repr tells all floats apart, and -0.0 from 0.0
    if repr((old.history, old.diverged_at)) != repr((new.history, new.diverged_at)):
        found.append("history")
    if _bytes(old) != _bytes(new):
        found.append("weights")
    return found


def _bytes(outcome: Outcome) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    arrays = (outcome.weights or {}).items()
    return {name: (str(array.dtype), array.shape, array.tobytes()) for name, array in arrays}


def _sample(settings: Settings, problem: str | None, optimizer: str | None, *, everything: bool) -> list[Outcome]:
    from pipeline.running import outputs

    chosen = _problems(settings, problem, everything=everything)
    names = list(settings.optimizers)
    if optimizer is not None:
        settings.optimizer(optimizer)
        names = [optimizer]
    found = []
    for name in names:
        finished = outputs.read_trainings_with_weights(name)
        for one in chosen:
            own = [outcome for outcome in finished if outcome.training.problem == one]
            found += own if everything else own[:1]
    if not found:
        from pipeline.project.errors import DataError

        raise DataError(f"{optimizer} takes no part in {', '.join(chosen)}: choose another problem or optimizer.")
    return found


def _problems(settings: Settings, problem: str | None, *, everything: bool) -> list[str]:
    from pipeline.project.errors import SettingsError
    from pipeline.project.wording import closest

    if problem is not None and problem not in settings.problems:
        raise SettingsError(f"--problem {problem}: there is no such problem{closest(problem, settings.problems)}.")
    if problem is not None:
        return [problem]
    if everything:
        return list(settings.problems)
    return [min(settings.problems, key=lambda name: _size(settings, name))]


def _size(settings: Settings, problem: str) -> int:
    """Return how many input numbers a training looks at."""
    import math

    from pipeline.prepared import reader
    from pipeline.project import paths

    description = reader.describe(paths.learning(settings.data_of(problem)))
    return settings.problems[problem].epochs * description.counts["train"] * math.prod(description.shape)


def _print(outcomes: list[Outcome], answers: list[list[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table("problem", "optimizer", "seed", "result", box=box.SIMPLE_HEAD)
    for outcome, answer in zip(outcomes, answers, strict=True):
        training = outcome.training
        result = f"different: {' and '.join(answer)}" if answer else "same"
        table.add_row(training.problem, training.optimizer, str(training.seed), result)
    console = Console(markup=False, highlight=False)
    console.print(table)
    same = sum(not answer for answer in answers)
    console.print(f"{same} of {len(answers)} trainings came out the same, byte for byte.", soft_wrap=True)


def _explain(before: list[Outcome], again: list[Outcome]) -> None:
    for line in [*_changes(), *_other_code(before, again)]:
        print(line, file=sys.stderr)
    print("Another processor or another version of torch may round differently.", file=sys.stderr)


def _changes() -> list[str]:
    """Return what differs between this machine and the one whose results are there."""
    from pipeline.project import environment
    from pipeline.results.environment import Environment

    recorded = Environment.read_if_there()
    if recorded is None:
        return []
    then, now = (_flat(one) for one in (recorded.model_dump(mode="json"), environment.describe()))
    return [f"{name}: {then.get(name)} then, {now[name]} now" for name in now if now[name] != then.get(name)]


def _flat(description: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in description.items() if name != "versions"}
    return {**rest, **description["versions"]}


def _other_code(before: list[Outcome], again: list[Outcome]) -> list[str]:
    changed = any(old.key != new.key for old, new in zip(before, again, strict=True))
    return ["The code of the trainings, or torch or numpy, changed since: run `dvc repro`."] if changed else []
