"""What the assignment did and reports per class; its overall accuracy is ``comparison.assignment_accuracy``."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results

PROBLEM = "cifar10"
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


def optimizer(results: Results) -> str | None:
    """Return the optimizer that trains CIFAR-10 as the assignment's did (PyTorch's ``Adam``), or None."""
    name = results.with_defaults("Adam")
    trained = PROBLEM in results.settings.problems and name in results.settings.roster(PROBLEM)
    return name if trained else None


def accuracy(results: Results) -> float:
    """Return the assignment's overall test accuracy, a fraction, as the comparison used it."""
    return results.comparison.settings.assignment_accuracy
