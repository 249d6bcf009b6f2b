"""What does a dear optimizer reach when it is planned for Adam's time? ``python -m benchmarks.equal_time``.

The report's ranking at equal seconds stops a dear optimizer in the middle of its schedule. Here it gets the whole
epochs that fit into the baseline's time (one at least), and its learning rate falls to 0 over these. Its settings are
those that survived its search for the longer training, so a search of its own could only help it. Seeds are the
study's, and each picks by its own validation result. Writes ``benchmarks/results/equal_time.json``: validation
accuracies, and the paired differences from the others, which are trained in full, with 95 % intervals (Student's t). It
describes, and tests nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.comparison import settings as comparison_settings
from pipeline.console.progress import progress
from pipeline.evaluation.choosing import Replicates
from pipeline.prepared import reader
from pipeline.project import environment, errors, files, paths
from pipeline.results import tables
from pipeline.results.cost import Cost
from pipeline.results.metrics import Metrics
from pipeline.running import refusals
from pipeline.running import settings as execution_settings
from pipeline.running.outputs import Setting
from pipeline.running.planning import short_name, with_every_seed
from pipeline.running.trainings import run_study
from pipeline.settings import loading
from pipeline.statistics.intervals import mean_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from pipeline.settings.study import Settings
    from pipeline.training.record import Outcome

RESULT = Path("benchmarks/results/equal_time.json")


def main(
    optimizer: Annotated[str, typer.Option(help="A row of params.yaml.")] = "muon",
    problems: Annotated[str, typer.Option(help="With commas between.")] = "cifar10,cifar10_longer",
    result: Annotated[Path, typer.Option(help="Where to write.")] = RESULT,
) -> None:
    """Train, print and write ``benchmarks/results/equal_time.json``."""
    found = {problem: planned_for_the_baselines_time(optimizer, problem) for problem in problems.split(",")}
    machine = environment.describe()
    files.write_json(
        result, {"versions": machine.pop("versions"), "machine": machine, "optimizer": optimizer, "problems": found}
    )
    for problem, own in found.items():
        print(
            f"{problem}: {optimizer} planned for {own['epochs']} of {own['whole_epochs']} epochs "
            f"({own['time']:.2f} x the baseline's time), validation accuracy {own['validation_accuracy']:.2%}; minus"
        )
        for name, difference in own["minus"].items():
            mean, low, high = (100 * difference[part] for part in ("mean", "low", "high"))
            print(f"  {name:10} {mean:+.2f} points ({low:+.2f} to {high:+.2f})")


def planned_for_the_baselines_time(optimizer: str, problem: str) -> dict[str, Any]:
    """Train an optimizer for as many epochs as cost what the baseline's whole training does, and compare."""
    settings, metrics, cost = loading.load(), Metrics.read(), Cost.read()
    times = cost.time_per_step.get(problem, {})
    if optimizer not in times:
        raise errors.UserError(f"{Cost.PATH} has no time of a step of {optimizer!r} on {problem!r}.")
    dearness = times[optimizer].microseconds / times[comparison_settings.load().baseline].microseconds
    whole = settings.problems[problem].epochs
    epochs = max(1, int(whole / dearness))
    trained = _trained(_shortened(settings, problem, epochs), metrics, optimizer, problem)
    own = {one.training.seed: one.validation_accuracy for one in Replicates(trained).picks}
    runs = tables.RUNS.read().query("problem == @problem").set_index(["optimizer", "seed"])["validation_accuracy"]
    return {
        "epochs": epochs,
        "whole_epochs": whole,
        "time": round(dearness * epochs / whole, 4),
        "validation_accuracy": sum(own.values()) / len(own),
        "by_seed": {str(seed): value for seed, value in own.items()},
        "minus": {name: _minus(own, runs[name]) for name in settings.roster(problem)},
    }


def _shortened(settings: Settings, problem: str, epochs: int) -> Settings:
    row = settings.problems[problem].model_copy(update={"epochs": epochs})
    return settings.model_copy(update={"problems": {**settings.problems, problem: row}})


def _trained(settings: Settings, metrics: Metrics, optimizer: str, problem: str) -> list[Outcome]:
    """Train the settings that survived the optimizer's search with all seeds; what is in the memo is not repeated."""
    survivors = [
        Setting(one.learning_rate, one.arguments) for one in metrics.problems[problem][optimizer].search.survivors
    ]
    data = reader.describe(paths.learning(settings.data_of(problem))).digest
    trainings = with_every_seed(settings, optimizer, problem, survivors, data)
    with progress(f"equal time, {problem}", len(trainings), "trainings") as bar:
        return run_study(
            trainings,
            settings,
            execution_settings.load(),
            lambda outcome, _: bar.advance(note=short_name(outcome.training)),
        )


def _minus(own: Mapping[int, float], whole: pd.Series) -> dict[str, float | None]:
    """Return the mean of the differences over the seeds, with its interval; `whole` has the other's by seed."""
    differences = [value - float(whole[seed]) for seed, value in own.items()]
    interval = mean_interval(differences)
    return {"mean": sum(differences) / len(differences), "low": interval.low, "high": interval.high}


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
