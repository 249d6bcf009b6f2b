"""Rows of ``params.yaml`` -> trainings, and what they are called."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.running import hardware, merit
from pipeline.running.outputs import Setting
from pipeline.running.refusals import in_words
from pipeline.settings.spaces import LEARNING_RATE, MOST_SEARCHED, arguments_with, values_at
from pipeline.training import origin
from pipeline.training.record import OptimizerRow, Training

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.running.outputs import Choice
    from pipeline.settings.study import MeasureName, OptimizerSettings, RestSettings, Settings
    from pipeline.training.record import Kind, Outcome


def plan(
    kind: Kind, settings: Settings, optimizer: str, problem: str, *, setting: Setting, seed: int, data: str
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
        row=with_searched(optimizer_row(settings.optimizer(optimizer), f"optimizers.{optimizer}"), setting),
        learning_rate=setting.learning_rate,
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
        # a final training is measured whatever it reaches
        stop_if_hopeless=kind == "tune",
    )


def all_final_trainings(
    settings: Settings, optimizer: str, choices: Mapping[str, Choice], digests: Mapping[str, str]
) -> list[Training]:
    """Return the final trainings on all problems of an optimizer; `digests` are those of the prepared examples."""
    return [
        training
        for problem in settings.problems_of(optimizer)
        for training in final_trainings(settings, optimizer, problem, choices, digests[problem])
    ]


def final_trainings(
    settings: Settings, optimizer: str, problem: str, choices: Mapping[str, Choice], data: str
) -> list[Training]:
    """Return the final trainings on a problem: every setting that survived its search, each with every seed.

    A problem that is not tuned has the default learning rate, and one that takes over the settings of another
    (`tuned_on`) those of that one's choice.
    """
    row = settings.problems[problem]
    if row.untuned:
        rate = settings.optimizer(optimizer).default_learning_rate
        assert rate is not None  # noqa: S101 - checked when the settings were read
        survivors: tuple[Setting, ...] = (Setting(rate),)
    else:
        survivors = choices[row.tuned_on or problem].survivors
    return with_every_seed(settings, optimizer, problem, survivors, data)


def with_every_seed(
    settings: Settings, optimizer: str, problem: str, survivors: Sequence[Setting], data: str
) -> list[Training]:
    """Return the final trainings of some settings, each with every seed of the problem."""
    return [
        plan("train", settings, optimizer, problem, setting=setting, seed=seed, data=data)
        for setting in survivors
        for seed in settings.seeds(problem)
    ]


def central_setting(row: OptimizerSettings) -> Setting:
    """Return the setting in the middle of all ranges of a row's search."""
    values = values_at(row.search, [0.5] * MOST_SEARCHED)
    return Setting(values.pop(LEARNING_RATE), values)


def with_searched(row: OptimizerRow, setting: Setting) -> OptimizerRow:
    """Return a row with the searched arguments put in."""
    return replace(row, arguments=arguments_with(row.arguments, setting.arguments))


def optimizer_row(settings: OptimizerSettings | RestSettings, where: str = "") -> OptimizerRow:
    """Return what a row of ``optimizers`` trains with, without its label and its search.

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
    """Say in one line what the settings and seeds of an optimizer reached on a problem."""
    own = [outcome for outcome in outcomes if outcome.training.problem == problem]
    losses = [outcome.last.validation_loss for outcome in own]
    reached = merit.in_words([merit.accuracy(outcome) for outcome in own], losses, measure, _count(own))
    diverged = sum(outcome.diverged for outcome in own)
    return f"{optimizer} on {problem}: {reached}" + (f"; {diverged} diverged" if diverged else "")


def _count(outcomes: Sequence[Outcome]) -> str:
    """Say how many trainings these are: every setting was trained with every seed."""
    seeds = len({outcome.training.seed for outcome in outcomes})
    settings = len(outcomes) // max(seeds, 1)
    return f"{seeds} seeds" if settings == 1 else f"{settings} settings × {seeds} seed{'s' * (seeds > 1)}"
