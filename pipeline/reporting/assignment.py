"""What the assignment did and reports per class; its overall accuracy is ``comparison.assignment_accuracy``."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results

DATA = "cifar10"
CLASS = "Adam"
EPOCHS = 2
# test accuracies in per cent
PER_CLASS = MappingProxyType(
    {
        "plane": 49.5,
        "car": 55.1,
        "bird": 16.7,
        "cat": 26.2,
        "deer": 40.5,
        "dog": 58.4,
        "frog": 55.5,
        "horse": 48.8,
        "ship": 54.3,
        "truck": 67.3,
    }
)
# the data set's own names for the classes that the assignment abbreviates
FULL_NAMES = MappingProxyType({"plane": "airplane", "car": "automobile"})


def trainings(results: Results) -> dict[str, str]:
    """Return the problems whose trainings stand beside the assignment's, and the optimizer of each.

    Those on its data without any search come first, as its own was; then the study's main problem, tuned, for scale.
    """
    study = results.settings.study
    untuned = [problem for problem in study if results.settings.problems[problem].untuned]
    wanted = dict.fromkeys([*untuned, results.main_problem])
    found = {problem: _optimizer(results, problem) for problem in wanted}
    return {problem: optimizer for problem, optimizer in found.items() if optimizer is not None}


def accuracy(results: Results) -> float:
    """Return the assignment's overall test accuracy, a fraction, as the comparison used it."""
    return results.comparison.settings.assignment_accuracy


def _optimizer(results: Results, problem: str) -> str | None:
    """Return the optimizer of the assignment's class, on its data, or None."""
    roster = results.settings.roster(problem) if results.settings.data_of(problem) == DATA else []
    return next((name for name in roster if results.settings.optimizers[name].class_name == CLASS), None)
