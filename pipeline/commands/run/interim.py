"""What the finished optimizers reach so far, while the others are still trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.evaluation.choosing import Replicates
from pipeline.prepared import reader
from pipeline.project import paths
from pipeline.project.wording import counted
from pipeline.running import merit, outputs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.settings.study import MeasureName, Settings


def ranking(settings: Settings, finished: Iterable[str]) -> str:
    """Return one line with the validation results on the main problem, the best first.

    Of each seed its best surviving setting counts, as in the results; no test example is looked at.

    Parameters
    ----------
    finished
        The optimizers whose final trainings are done; those without the main problem are passed over.
    """
    problem = settings.main_problem
    task = reader.describe(paths.learning(settings.data_of(problem))).task
    measure = merit.measure_of(task, settings.problems[problem])
    roster = settings.roster(problem)
    scores = {name: _score(name, problem, measure) for name in finished if name in roster}
    if not scores:
        return ""
    ranked = sorted(scores.items(), key=lambda item: item[1], reverse=True)
    listed = ", ".join(f"{settings.optimizers[name].label} {_shown(score, measure)}" for name, score in ranked)
    seeds = counted(len(settings.seeds(problem)), "seed")
    return f"So far on {problem}, {len(scores)} of {len(roster)} (validation {measure}, mean of {seeds}): {listed}"


def _score(optimizer: str, problem: str, measure: MeasureName) -> float:
    own = [outcome for outcome in outputs.read_trainings(optimizer) if outcome.training.problem == problem]
    scores = [merit.score(outcome, measure) for outcome in Replicates(own, measure).picks]
    return sum(scores) / len(scores)


def _shown(score: float, measure: MeasureName) -> str:
    return f"{score:.1%}" if measure == "accuracy" else f"{-score:.4g}"
