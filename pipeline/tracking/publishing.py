"""DVC's outputs -> MLflow: fills whatever runs, metrics and models the store lacks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.evaluation import choosing
from pipeline.prepared import reader
from pipeline.project import paths
from pipeline.results.metrics import Metrics
from pipeline.running import memo, outputs
from pipeline.tracking import connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from pipeline.settings.study import Settings
    from pipeline.tracking import Tracker
    from pipeline.training.record import Outcome

_FINAL = ("test_accuracy", "train_accuracy", "test_loss", "generalization_gap", "calibration_error")
_EXAMPLES = 2


def publish_evaluation(settings: Settings, record: Tracker) -> int:
    """Add what the evaluation found: final metrics, a model an optimizer and problem, the registered champion.

    Returns
    -------
    int
        How many runs were added to.
    """
    metrics = Metrics.read().model_dump()["problems"]
    by_name = {n: outputs.read_trainings(n) for n in settings.optimizers if paths.trainings(n).exists()}
    changed = 0
    for problem in settings.problems:
        final = {
            key: _final_metrics(found, index)
            for found in metrics.get(problem, {}).values()
            # by identity: the evaluation may be older than the trainings
            for index, key in enumerate(found["trainings"])
        }
        changed += record.sync_metrics(problem, final)
        trainings = [by_name.get(name, []) for name in settings.roster(problem)]
        evaluated = [[o for o in some if o.training.problem == problem and o.key in final] for some in trainings]
        changed += sum(_publish_model(some, settings, record) for some in evaluated if some)
        if problem == settings.main_problem:
            changed += _publish_champion([o for some in evaluated for o in some], record)
    return changed


def publish_all(settings: Settings, record: Tracker) -> int:
    """Write everything that the DVC outputs hold and the store lacks.

    Returns
    -------
    int
        How many runs were written or added to.
    """
    written = record.sync(_everything(settings))
    if Metrics.PATH.exists():
        written += publish_evaluation(settings, record)
    return written


def _everything(settings: Settings) -> Iterator[Outcome]:
    kept = paths.memo()
    for name in settings.optimizers:
        found = outputs.read_trials(name) if paths.trials(name).exists() else []
        if paths.trainings(name).exists():
            found = [*found, *outputs.read_trainings_with_weights(name)]
        # DVC's outputs hold no times: they would not be the same bytes twice
        yield from (replace(outcome, seconds=memo.seconds_of(kept, outcome.key)) for outcome in found)


def _final_metrics(found: dict[str, Any], index: int) -> dict[str, float]:
    values = {name: found[name]["seeds"][index] for name in _FINAL}
    return {name: value for name, value in values.items() if value is not None}


def _publish_model(outcomes: list[Outcome], settings: Settings, record: Tracker) -> int:
    """Log the model of an optimizer's best seed (by validation), unless it diverged."""
    best = choosing.best_seed(outcomes)
    training = best.training
    if best.diverged or not record.usable:
        return 0
    learning = paths.learning(settings.data_of(training.problem))
    description = reader.describe(learning)
    example = reader.open_part(learning, "validation").inputs[:_EXAMPLES].copy()

    def make() -> nn.Module:
        from pipeline.evaluation.classifier import Classifier

        weights = outputs.read_weights(training.optimizer, training.problem)[training.seed]
        return Classifier(training.network, weights, description)

    return record.sync_model(best, make, example)


def _publish_champion(outcomes: list[Outcome], record: Tracker) -> int:
    """Register the best model of a problem, unless every training of it diverged."""
    if all(outcome.diverged for outcome in outcomes):
        return 0
    best = choosing.champion(outcomes)
    return record.sync_registry(registered_model(best.training.problem), best)


def registered_model(problem: str) -> str:
    """Name the registered model whose versions are a problem's champions."""
    return f"{problem}-cnn"


def tracker(settings: Settings) -> Tracker:
    """Connect to the store."""
    return connection.tracker(settings)
