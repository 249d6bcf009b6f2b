"""Rows of ``params.yaml`` -> trainings, and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.running import hardware, merit
from pipeline.running.refusals import in_words
from pipeline.training import origin
from pipeline.training.record import OptimizerRow, Training

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.settings.study import MeasureName, OptimizerSettings, RestSettings, Settings
    from pipeline.training.record import Kind, Outcome


def plan(
    kind: Kind, settings: Settings, optimizer: str, problem: str, *, learning_rate: float, seed: int, data: str
) -> Training:
    """Put one training together from the rows of ``params.yaml``; `data` is the SHA-256 of the prepared examples.

    Raises
    ------
    SettingsError
        If the settings ask for a GPU that is not there.
    """
    rows = settings.problems[problem]
    chosen = hardware.resolve(settings, rows)
    return Training(
        kind=kind,
        problem=problem,
        optimizer=optimizer,
        network=rows.network,
        row=optimizer_row(settings.optimizer(optimizer)),
        learning_rate=learning_rate,
        epochs=rows.epochs,
        batch_size=rows.batch_size,
        validations_per_epoch=rows.validations_per_epoch,
        seed=seed,
        data=data,
        precision=chosen.precision,
        device=chosen.device,
        convolution=settings.convolution,
        schedule=rows.schedule,
        warmup_fraction=rows.warmup_fraction,
    )


def optimizer_row(settings: OptimizerSettings | RestSettings, where: str = "") -> OptimizerRow:
    """Return what a row of ``optimizers`` trains with, without its label and the centre of its grid.

    Parameters
    ----------
    where
        The row's place in ``params.yaml``, such as ``optimizers.lion``, for errors.

    Raises
    ------
    SettingsError
        If the package or the file of its class is missing.
    """
    rest = getattr(settings, "rest", None)
    with in_words():
        identity = origin.identity(settings.class_name, where)
    at_rest = f"{where}.rest" if where else ""
    return OptimizerRow(
        settings.class_name, settings.arguments, None if rest is None else optimizer_row(rest, at_rest), identity
    )


def name_of(training: Training) -> str:
    """Return a training's name for people, such as ``adam on digits lr 0.001 seed 3``."""
    return f"{training.optimizer} on {short_name(training)}"


def short_name(training: Training) -> str:
    """Return `name_of` without the optimizer, for places that name it already."""
    return f"{training.problem} lr {training.learning_rate:g} seed {training.seed}"


def summary(optimizer: str, problem: str, outcomes: Sequence[Outcome], measure: MeasureName = "accuracy") -> str:
    """Say in one line what the seeds of an optimizer reached on a problem."""
    seeds = [outcome for outcome in outcomes if outcome.training.problem == problem]
    losses = [outcome.last.validation_loss for outcome in seeds]
    reached = merit.in_words([merit.accuracy(outcome) for outcome in seeds], losses, measure)
    diverged = sum(outcome.diverged for outcome in seeds)
    return f"{optimizer} on {problem}: {reached}" + (f"; {diverged} diverged" if diverged else "")
