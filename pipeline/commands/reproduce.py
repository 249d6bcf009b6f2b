"""``optimizer-study reproduce``: whether the finished trainings give the same bytes here."""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.console import printing
from pipeline.project import environment, paths
from pipeline.project.errors import DataError, SettingsError
from pipeline.project.wording import closest
from pipeline.settings import loading

if TYPE_CHECKING:
    from pipeline.settings.study import Settings
    from pipeline.training.record import Outcome


def reproduce(
    problem: Annotated[str | None, typer.Option(help="Of this problem; the smallest one if not given.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="Of this optimizer only.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every setting and seed, of every problem unless one is given.")
    ] = False,
) -> None:
    """Train again what the study trained, and compare weights and history byte for byte.

    By default one training of every optimizer on the smallest problem. Nothing of the study is changed. The exit status
    is 1 if anything differs. Example:

    optimizer-study reproduce --problem digits --optimizer adam
    """
    from pipeline.console.progress import progress
    from pipeline.running import settings as execution_settings
    from pipeline.running import trainings
    from pipeline.running.planning import short_name

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
    same = f"{sum(not answer for answer in answers)} of {len(answers)} trainings gave the same result, byte for byte."
    rows = [_cells(outcome, answer) for outcome, answer in zip(before, answers, strict=True)]
    printing.table(("problem", "optimizer", "seed", "result"), rows, same)
    if any(answers):
        for line in _explanations(before, again):
            print(line, file=sys.stderr)
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
    if optimizer is not None:
        settings.optimizer(optimizer)
    found = []
    for name in [optimizer] if optimizer else settings.optimizers:
        finished = outputs.read_trainings_with_weights(name)
        for one in chosen:
            own = [outcome for outcome in finished if outcome.training.problem == one]
            found += own if everything else own[:1]
    if not found:
        raise DataError(f"{optimizer} takes no part in {', '.join(chosen)}: choose another problem or optimizer.")
    return found


def _problems(settings: Settings, problem: str | None, *, everything: bool) -> list[str]:
    if problem is not None and problem not in settings.study:
        raise SettingsError(f"--problem {problem}: the study has no such problem{closest(problem, settings.study)}.")
    if problem is not None:
        return [problem]
    return settings.study if everything else [min(settings.study, key=lambda name: _size(settings, name))]


def _size(settings: Settings, problem: str) -> int:
    """Return how many input numbers a training looks at."""
    from pipeline.prepared import reader

    description = reader.describe(paths.learning(settings.data_of(problem)))
    return settings.problems[problem].epochs * description.counts["train"] * math.prod(description.shape)


def _cells(outcome: Outcome, answer: list[str]) -> tuple[str, ...]:
    training = outcome.training
    result = f"different: {' and '.join(answer)}" if answer else "same"
    return training.problem, training.optimizer, str(training.seed), result


def _explanations(before: list[Outcome], again: list[Outcome]) -> list[str]:
    """Return what differs between this machine and code and those of the study."""
    from pipeline.results.environment import Environment

    now = Environment.model_validate(environment.describe())
    then = _flat(Environment.read_if_there() or now)
    changed = ((name, then.get(name), new) for name, new in _flat(now).items() if new != then.get(name))
    lines = [f"{name}: {old} then, {new} now" for name, old, new in changed]
    if any(old.key != new.key for old, new in zip(before, again, strict=True)):
        lines.append("The code of the trainings, or torch or numpy, has changed since: run `dvc repro`.")
    return [*lines, "Another processor or another version of torch may round differently."]


def _flat(found: object) -> dict[str, object]:
    rest = dict(vars(found))
    return {**rest, **rest.pop("versions")}
