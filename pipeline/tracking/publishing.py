"""DVC's outputs -> MLflow: fills in whatever runs, metrics and models the store lacks."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pipeline.evaluation import choosing
from pipeline.prepared import reader
from pipeline.project import paths
from pipeline.results.metrics import Metrics
from pipeline.running import memo, outputs
from pipeline.tracking import connection, models
from pipeline.tracking.runs import Runs
from pipeline.tracking.writer import writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from pipeline.settings.study import MeasureName, Settings
    from pipeline.tracking.tracker import Job, Tracker
    from pipeline.training.record import Outcome

_FINAL = ("test_accuracy", "train_accuracy", "test_loss", "generalization_gap", "calibration_error")


def publish_evaluation(settings: Settings) -> None:
    """Record final metrics, one model per optimizer and problem (its best seed), and the registered champion."""
    with writing(connection.tracker(settings), "results") as writer:
        for job in _evaluation(settings, Metrics.read()):
            writer.submit(job)


def publish_all(settings: Settings, record: Tracker) -> int:
    """Write everything that the DVC outputs hold and the store lacks; return how many runs were written or added to."""
    written = record.sync(_everything(settings))
    if metrics := Metrics.read_if_there():
        written += sum(record.do(job) for job in _evaluation(settings, metrics))
    return written


def _everything(settings: Settings) -> Iterator[Outcome]:
    kept = paths.memo()
    for name in settings.optimizers:
        found = outputs.read_trials(name) if paths.trials(name).exists() else []
        if paths.trainings(name).exists():
            found = [*found, *outputs.read_trainings_with_weights(name)]
        # DVC's outputs hold no times: they would not be the same bytes twice
        yield from (replace(outcome, seconds=memo.seconds_of(kept, outcome.key)) for outcome in found)


def _evaluation(settings: Settings, metrics: Metrics) -> Iterator[Job]:
    by_name = {n: outputs.read_trainings(n) for n in settings.optimizers if paths.trainings(n).exists()}
    for problem in settings.problems:
        reached = metrics.problems.get(problem, {}).values()
        # by key: the evaluation may be older than the trainings
        final = {
            key: {
                name: quantity.seeds[index]
                for name in _FINAL
                if (quantity := getattr(found, name)) and quantity.seeds[index] is not None
            }
            for found in reached
            for index, key in enumerate(found.trainings)
        }
        measure: MeasureName = next((found.measure for found in reached), "accuracy")
        yield partial(Runs.add_metrics, problem=problem, metrics=final)
        trainings = [by_name.get(name, []) for name in settings.roster(problem)]
        evaluated = [[o for o in some if o.training.problem == problem and o.key in final] for some in trainings]
        best = [outcome for some in evaluated if some and not (outcome := choosing.best_seed(some, measure)).diverged]
        yield from (_model(outcome, settings) for outcome in best)
        if best and problem == settings.main_problem:
            champion = choosing.champion([outcome for some in evaluated for outcome in some], measure)
            yield partial(models.register, name=f"{problem}-cnn", outcome=champion, measure=measure)


def _model(best: Outcome, settings: Settings) -> Job:
    training = best.training
    learning = paths.learning(settings.data_of(training.problem))
    description = reader.describe(learning)
    example = reader.open_part(learning, "validation").inputs[:2].copy()

    def make() -> nn.Module:
        from pipeline.evaluation.classifier import Classifier

        weights = outputs.read_weights(training.optimizer, training.problem)[training.seed]
        return Classifier(training.network, weights, description)

    return partial(models.log, outcome=best, make=make, example=example)
