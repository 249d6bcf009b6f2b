"""DVC's outputs -> MLflow: fills in whatever runs, metrics and models the store lacks."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from pipeline.evaluation import choosing
from pipeline.prepared import reader
from pipeline.project import paths
from pipeline.results.champions import Champions
from pipeline.results.metrics import Metrics
from pipeline.running import memo, outputs
from pipeline.tracking import connection, findings, models, study
from pipeline.tracking.runs import Runs
from pipeline.tracking.writer import writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from torch import nn

    from pipeline.results.metrics import OptimizerMetrics
    from pipeline.settings.study import MeasureName, Settings
    from pipeline.tracking.findings import Findings
    from pipeline.tracking.tracker import Job, Tracker
    from pipeline.training.record import Outcome

    # by problem and optimizer: final trainings
    Evaluated = dict[tuple[str, str], list[Outcome]]

_FINAL = ("test_accuracy", "train_accuracy", "test_loss", "generalization_gap", "calibration_error")
# of the report; the champion's optimizer has its confusions as well
_FIGURES = ["training_curves", "per_class"]


def publish_evaluation(settings: Settings) -> None:
    """Record final metrics, one model per optimizer and problem (its best seed), and the registered champion."""
    with writing(connection.tracker(settings), "results") as writer:
        metrics = Metrics.read()
        for job in _evaluation(settings, metrics, _evaluated(settings, metrics)):
            writer.submit(job)


def publish_report(settings: Settings, colours: Mapping[str, str]) -> None:
    """Record the report's figures and colours, the model's card, and the run of the study; print where that is."""
    tracker = connection.tracker(settings)
    with writing(tracker, "figures") as writer:
        metrics = Metrics.read()
        for job in _report(settings, metrics, _evaluated(settings, metrics), colours):
            writer.submit(job)
    if place := tracker.where_study():
        print(place)


def publish_all(settings: Settings, record: Tracker, colours: Mapping[str, str]) -> int:
    """Write everything that the DVC outputs hold and the store lacks; return how many runs were written or added to.

    `colours` are the report's, by optimizer.
    """
    written = record.sync(_everything(settings))
    if metrics := Metrics.read_if_there():
        trained = _evaluated(settings, metrics)
        jobs = chain(_evaluation(settings, metrics, trained), _report(settings, metrics, trained, colours))
        written += sum(record.do(job) for job in jobs)
    return written


def holds_trainings(settings: Settings) -> bool:
    """Return whether trainings lie here: a fresh clone has results alone."""
    return any(paths.trainings(name).exists() or paths.trials(name).exists() for name in settings.optimizers)


def _everything(settings: Settings) -> Iterator[Outcome]:
    kept = paths.memo()
    for name in settings.optimizers:
        found = outputs.read_trials(name) if paths.trials(name).exists() else []
        if paths.trainings(name).exists():
            found = [*found, *outputs.read_trainings_with_weights(name)]
        # DVC's outputs hold no times: they would not be the same bytes twice
        yield from (replace(outcome, seconds=memo.seconds_of(kept, outcome.key)) for outcome in found)


def _evaluation(settings: Settings, metrics: Metrics, trained: Evaluated) -> Iterator[Job]:
    for problem in settings.study:
        reached = metrics.problems.get(problem, {})
        yield partial(Runs.add_metrics, problem=problem, metrics=_final(reached.values()))
        measure: MeasureName = next((found.measure for found in reached.values()), "accuracy")
        own = [outcomes for name in settings.roster(problem) if (outcomes := trained.get((problem, name)))]
        best = [outcome for some in own if not (outcome := choosing.best_seed(some, measure)).diverged]
        yield from (_model(outcome, settings) for outcome in best)
        if best and problem == settings.main_problem:
            champion = choosing.champion([outcome for some in own for outcome in some], measure)
            yield partial(models.register, name=models.name(problem), outcome=champion, measure=measure)
    for found, training in _found(settings, metrics, trained):
        yield partial(Runs.write_findings, found=found, outcome=training)


def _report(settings: Settings, metrics: Metrics, trained: Evaluated, colours: Mapping[str, str]) -> Iterator[Job]:
    yield from (partial(Runs.write_colours, problem=name, colours=colours) for name in metrics.problems)
    champions = Champions.read_if_there()
    best = {name: one.optimizer for name, one in champions.problems.items()} if champions else {}
    for found, outcome in _found(settings, metrics, trained):
        names = [*_FIGURES, "confusion"] if best.get(found.problem) == found.optimizer else _FIGURES
        figures = [paths.REPORTS / "figures" / f"{name}_{found.problem}.svg" for name in names]
        if there := [path for path in figures if path.exists()]:
            yield partial(Runs.write_figures, found=found, outcome=outcome, figures=there)
    if champions and paths.CHAMPION_CARD.exists() and settings.main_problem in champions.problems:
        key = champions.problems[settings.main_problem].key
        card = paths.CHAMPION_CARD.read_text(encoding="utf-8")
        yield partial(models.describe, name=models.name(settings.main_problem), key=key, card=card)
    if job := study.job(settings):
        yield job


def _found(settings: Settings, metrics: Metrics, trained: Evaluated) -> Iterator[tuple[Findings, Outcome | None]]:
    """Return what the results say, each with one of the trainings; without any where none lies here at all.

    Results that are older than the trainings beside them are left out: they are those of another parent run.
    """
    alone = not holds_trainings(settings)
    for found in findings.everything(settings, metrics):
        outcome = next(iter(trained.get((found.problem, found.optimizer), [])), None)
        if outcome or alone:
            yield found, outcome


def _evaluated(settings: Settings, metrics: Metrics) -> Evaluated:
    """Return by problem and optimizer the final trainings here that the results are made of.

    The results may be older than the trainings, or come with a clone that has none.
    """
    by_name = {name: outputs.read_trainings(name) for name in settings.optimizers if paths.trainings(name).exists()}
    found: Evaluated = {}
    for problem in settings.study:
        picked = {key for one in metrics.problems.get(problem, {}).values() for key in one.trainings}
        for name in settings.roster(problem):
            own = [o for o in by_name.get(name, []) if o.training.problem == problem and o.key in picked]
            found[problem, name] = own
    return found


def _final(reached: Iterable[OptimizerMetrics]) -> dict[str, dict[str, float]]:
    """Return what each picked training reached, by its key."""
    return {
        key: {
            name: value
            for name in _FINAL
            if (quantity := getattr(found, name)) and (value := quantity.seeds[index]) is not None
        }
        for found in reached
        for index, key in enumerate(found.trainings)
    }


def _model(best: Outcome, settings: Settings) -> Job:
    training = best.training
    learning = paths.learning(settings.data_of(training.problem))
    description = reader.describe(learning)
    example = reader.open_part(learning, "validation").inputs[:2].copy()

    def make() -> nn.Module:
        from pipeline.evaluation.classifier import Classifier

        weights = outputs.read_weights(training.optimizer, training.problem)[best.key]
        return Classifier(training.network, weights, description)

    return partial(models.log, outcome=best, make=make, example=example)
