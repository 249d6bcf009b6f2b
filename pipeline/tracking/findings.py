"""What the results say of an optimizer on a problem, as its parent run in MLflow shows it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pipeline.project import files
from pipeline.results import tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from pipeline.results.metrics import Metrics, OptimizerMetrics, OverSeeds
    from pipeline.settings.study import Settings

_OVER_SEEDS = ("test_accuracy", "train_accuracy", "test_loss", "generalization_gap", "calibration_error")
_CURVES = {
    "epoch": "epoch",
    "images": "images",
    "train_loss": "train_loss",
    "update_rms": "update",
    "validation_loss": "validation_loss",
    "validation_accuracy": "validation_accuracy",
}


@dataclass(frozen=True)
class Findings:
    """What a parent run shows beside the params of its trainings.

    `curves` are means over seeds, by MLflow's step; `params` are those of a run that has no trainings.
    """

    problem: str
    optimizer: str
    title: str
    note: str
    metrics: dict[str, float]
    curves: tuple[tuple[int, dict[str, float]], ...]
    params: dict[str, str]

    @property
    def digest(self) -> str:
        """A hash of all that is shown."""
        return hashlib.sha256(files.canonical(asdict(self)).encode()).hexdigest()[:32]


def everything(settings: Settings, metrics: Metrics) -> Iterator[Findings]:
    """Return the findings of all optimizers on all problems of the settings that have results."""
    curves = tables.TRAINING_CURVES.read()
    for problem in settings.study:
        own = curves[curves["problem"] == problem]
        reached = metrics.problems.get(problem, {})
        for name in settings.roster(problem):
            if found := reached.get(name):
                yield _of(settings, problem, name, found, own[own["optimizer"] == name])


def _of(settings: Settings, problem: str, name: str, found: OptimizerMetrics, curves: pd.DataFrame) -> Findings:
    row, rows = settings.optimizers[name], settings.problems[problem]
    return Findings(
        problem=problem,
        optimizer=name,
        title=row.label,
        note=_note(row.label, found),
        metrics=dict(_metrics(found)),
        curves=tuple(_points(curves)),
        params={
            "optimizer": name,
            "class": row.class_name,
            "network": rows.network,
            "epochs": str(rows.epochs),
            "batch_size": str(rows.batch_size),
            "schedule": rows.schedule,
        },
    )


def _metrics(found: OptimizerMetrics) -> Iterator[tuple[str, float]]:
    for name in _OVER_SEEDS:
        quantity: OverSeeds | None = getattr(found, name)
        bounds = {"": quantity.mean, "_low": quantity.low, "_high": quantity.high} if quantity else {}
        yield from ((f"{name}{end}", value) for end, value in bounds.items() if value is not None)
    yield from ((f"test_accuracy/{label}", value) for label, value in found.per_class.items())
    setting = found.search.usual_setting
    yield "learning_rate", setting.learning_rate
    yield from ((f"picked_{name}", value) for name, value in setting.arguments.items())
    yield "seeds", float(len(found.trainings))
    yield "diverged", float(len(found.diverged))


def _points(curves: pd.DataFrame) -> Iterator[tuple[int, dict[str, float]]]:
    for row in curves.to_dict("records"):
        # a number that is not one is what no look measured
        values = {name: float(row[column]) for name, column in _CURVES.items() if row[column] == row[column]}
        yield int(row["step"]), values


def _note(label: str, found: OptimizerMetrics) -> str:
    seeds = len(found.trainings)
    reached = found.reached
    accuracy = found.measure == "accuracy"
    shown = [_number(value, percent=accuracy) for value in (reached.mean, reached.low, reached.high)]
    unit = " %" if accuracy else ""
    setting = found.search.usual_setting
    others = "".join(f", {name} {value:g}" for name, value in setting.arguments.items())
    lines = [
        f"**{label}: test {found.measure} {shown[0]}{unit}** (mean of {seeds} seeds; 95 % interval {shown[1]} to "
        f"{shown[2]}).",
        f"The setting that most seeds picked: learning rate {setting.learning_rate:g}{others}.",
        "The curves are means over the seeds.",
    ]
    if found.diverged:
        lines.insert(1, f"{len(found.diverged)} of the {seeds} picked trainings diverged.")
    return "\n\n".join(lines)


def _number(value: float | None, *, percent: bool) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f}" if percent else f"{value:.3f}"


def flattened(content: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of nested mappings, named ``a/b``; MLflow's charts make a section of each ``a``."""
    found: dict[str, float] = {}
    for name, value in content.items():
        if isinstance(value, dict):
            found |= {f"{name}/{inner}": number for inner, number in flattened(value).items()}
        elif isinstance(value, (int, float)):
            found[name] = float(value)
    return found
