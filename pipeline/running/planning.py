"""Rows of ``params.yaml`` -> trainings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.training.record import PLAIN, Training

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.settings.study import OptimizerSettings, ProblemSettings
    from pipeline.training.record import Hardware, Kind, Outcome


def plan(
    kind: Kind,
    name: str,
    row: OptimizerSettings,
    problem: str,
    settings: ProblemSettings,
    *,
    learning_rate: float,
    seed: int,
    data: str,
    hardware: Hardware = PLAIN,
) -> Training:
    """Put one training together from the rows of ``params.yaml``."""
    return Training(
        kind=kind,
        problem=problem,
        optimizer=name,
        network=settings.network,
        row=row.model_dump(by_alias=True, exclude={"label", "learning_rate"}),
        learning_rate=learning_rate,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validations_per_epoch=settings.validations_per_epoch,
        seed=seed,
        data=data,
        precision=hardware.precision,
        device=hardware.device,
    )


def summary(optimizer: str, problem: str, outcomes: Sequence[Outcome]) -> str:
    """Say in a line what the seeds of an optimizer reached on a problem."""
    seeds = [outcome for outcome in outcomes if outcome.training.problem == problem]
    accuracies = [outcome.validation_accuracy for outcome in seeds]
    diverged = sum(outcome.diverged for outcome in seeds)
    return (
        f"{optimizer} on {problem}: {sum(accuracies) / len(accuracies):.1%} of the validation examples right, "
        f"mean of {len(seeds)} seeds ({min(accuracies):.1%} to {max(accuracies):.1%})"
        + (f"; {diverged} diverged" if diverged else "")
    )
