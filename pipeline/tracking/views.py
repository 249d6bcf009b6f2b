"""Saved views of MLflow's table of runs: what is sorted, filtered and shown first, kept as tags of an experiment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.settings.study import MeasureName

# MLflow's own "Share" button writes such a tag, and opens it by this name in the address
_TAG, _PARAMETER = "mlflow.sharedViewState.", "viewStateShareKey"
BEST_FIRST, TRAININGS = "best-first", "trainings"


def tags(measure: MeasureName) -> dict[str, str]:
    """Return the tags that keep the views of a problem judged by its accuracy or its loss."""
    best = f"test_{measure}"
    bounds = [f"metrics.`{best}_low`", f"metrics.`{best}_high`"]
    gap = ["metrics.`train_accuracy`", "metrics.`generalization_gap`"] if measure == "accuracy" else []
    # a parent run's name is its optimizer's
    columns = ["metrics.`learning_rate`", f"metrics.`{best}`", *bounds, *gap]
    rest = ["params.`epochs`", "params.`schedule`", "attributes.`Duration`"]
    one = ["params.`optimizer`", "params.`learning_rate`", f"metrics.`{best}`", "params.`seed`"]
    found = {
        BEST_FIRST: _view('tags.kind = "parent"', best, measure, [*columns, *rest]),
        TRAININGS: _view(f'tags.kind = "train" and metrics.{best} > 0', best, measure, [*one, *rest]),
    }
    return {f"{_TAG}{name}": json.dumps(view, sort_keys=True) for name, view in found.items()}


def address(experiment: str, view: str = BEST_FIRST) -> str:
    """Return what to append to a UI's address to see a view of an experiment's runs."""
    return f"/#/experiments/{experiment}/runs?workflowType=machine_learning&{_PARAMETER}={view}"


def _view(condition: str, best: str, measure: MeasureName, columns: list[str]) -> dict[str, object]:
    return {
        "searchFilter": condition,
        "orderByKey": f"metrics.`{best}`",
        "orderByAsc": measure == "loss",
        "selectedColumns": columns,
        "columnOrder": columns,
        "hideEmptyCharts": True,
    }
