"""Whether the compiled convolution changes what a network learns: ``python -m benchmarks.convolutions``.

Trains optimizers at the setting that most seeds of the study picked (``results/metrics.json``), with the compiled
convolution and with PyTorch's (``convolution: torch``), the same seeds for both: the same initial weights and the same
batches, sums in another order. Writes each one's mean on the validation examples and the paired difference with its
95 % interval (Student's t). Trainings come from the study's memo and go there, so the compiled ones are finished
already, and an interrupted run goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.plain_check import ROWS, usual_setting
from pipeline.console.progress import progress
from pipeline.prepared import reader
from pipeline.project import environment, errors, files, paths
from pipeline.results.metrics import Metrics
from pipeline.running import refusals
from pipeline.running import settings as execution_settings
from pipeline.running.outputs import Setting
from pipeline.running.planning import plan, short_name
from pipeline.running.trainings import run_study
from pipeline.settings import loading, study
from pipeline.statistics.intervals import mean_interval

if TYPE_CHECKING:
    from pipeline.training.record import Convolution, Outcome, Training

RESULT = Path("benchmarks/results/convolutions.json")
CONVOLUTIONS: tuple[Convolution, ...] = ("compiled", "torch")


def main(
    optimizers: Annotated[str, typer.Option(help="Rows of params.yaml, with commas between.")] = ROWS,
    seeds: Annotated[int, typer.Option(min=2, help="How many seeds, from training.first_seed on.")] = 10,
    problem: Annotated[str, typer.Option(help="What to train on.")] = "cifar10",
    result: Annotated[Path, typer.Option(help="Where to write.")] = RESULT,
) -> None:
    """Train, print and write ``benchmarks/results/convolutions.json``."""
    settings, execution, metrics = loading.load(), execution_settings.load(), Metrics.read()
    names = optimizers.split(",")
    trainings = [training for name in names for training in _trainings(settings, metrics, name, problem, seeds)]
    with progress("convolutions", len(trainings), "trainings") as bar:
        outcomes = run_study(
            trainings, settings, execution, lambda outcome, _: bar.advance(note=short_name(outcome.training))
        )
    found = {name: _compared([outcome for outcome in outcomes if outcome.training.optimizer == name]) for name in names}
    machine = environment.describe()
    versions = machine.pop("versions")
    files.write_json(
        result, {"machine": machine, "versions": versions, "problem": problem, "seeds": seeds, "optimizers": found}
    )
    for name, own in found.items():
        accuracy = own["validation_accuracy"]
        mean, low, high = (f"{100 * value:+.2f}" for value in accuracy["difference"].values())
        means = f"validation accuracy {accuracy['compiled']:.2%} compiled, {accuracy['torch']:.2%} torch"
        print(f"{name}: {means}; difference {mean} points ({low} to {high})")


def _trainings(settings: study.Settings, metrics: Metrics, optimizer: str, problem: str, seeds: int) -> list[Training]:
    """Return both trainings of every seed, side by side."""
    found, _ = usual_setting(metrics, problem, optimizer)
    setting = Setting(found.learning_rate, found.arguments)
    data = reader.describe(paths.learning(settings.data_of(problem))).digest
    first = settings.training.first_seed
    asked = [
        plan("train", settings, optimizer, problem, setting=setting, seed=seed, data=data)
        for seed in range(first, first + seeds)
    ]
    return [replace(training, convolution=convolution) for training in asked for convolution in CONVOLUTIONS]


def _compared(outcomes: list[Outcome]) -> dict[str, Any]:
    own = {name: [o for o in outcomes if o.training.convolution == name] for name in CONVOLUTIONS}
    accuracies = {name: [o.validation_accuracy for o in found] for name, found in own.items()}
    losses = {name: [o.last.validation_loss or float("nan") for o in found] for name, found in own.items()}
    return {
        "learning_rate": outcomes[0].training.learning_rate,
        "arguments": outcomes[0].training.row.arguments,
        "validation_accuracy": _paired(accuracies),
        "validation_loss": _paired(losses),
    }


def _paired(values: dict[Convolution, list[float]]) -> dict[str, Any]:
    """Return both means, and the mean of compiled − torch with its interval."""
    differences = [a - b for a, b in zip(*(values[name] for name in CONVOLUTIONS), strict=True)]
    interval = mean_interval(differences)
    return {
        **{str(name): fmean(found) for name, found in values.items()},
        "difference": {"mean": fmean(differences), "low": interval.low, "high": interval.high},
        "by_seed": values,
    }


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
