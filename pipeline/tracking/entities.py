"""A training and its data in MLflow's terms: tags, params, metrics, a data set."""

from __future__ import annotations

import getpass
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.project import git
from pipeline.settings.spaces import arguments_with, is_beta, searched_in

if TYPE_CHECKING:
    from collections.abc import Collection

    from pipeline.settings.study import MeasureName
    from pipeline.training.record import Outcome


@dataclass(frozen=True)
class DataSet:
    """What MLflow shows of a problem's data; `digest` is DVC's hash of the prepared examples, up to 36 characters."""

    problem: str
    title: str
    description: str
    digest: str
    source: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    counts: dict[str, int]
    measure: MeasureName = "accuracy"  # what the problem is judged by


def tags(outcome: Outcome) -> dict[str, str]:
    """Return what a run can be found by."""
    training = outcome.training
    return {"optimizer": training.optimizer, "problem": training.problem, "kind": training.kind}


def circumstances() -> dict[str, str]:
    """Return what is known of a run only while it is written: who started it, how, and from which commit."""
    tags = {
        "dvc_stage": os.environ.get("DVC_STAGE", ""),
        "dvc_exp": os.environ.get("DVC_EXP_NAME", ""),
        "mlflow.user": _user(),
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": git.ask("rev-parse", "--verify", "--quiet", "HEAD"),
    }
    return {name: value for name, value in tags.items() if value}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return ""


def source(kind: str) -> dict[str, str]:
    """Return the file that makes runs of a kind, also of those that are filled in later from its outputs."""
    stage = {"tune": "tune", "study": "report"}.get(kind, "train")
    return {"mlflow.source.name": f"stages/{stage}.py"}


def name(outcome: Outcome) -> str:
    """Return the name of a training's run; its other settings are params of the run."""
    training = outcome.training
    seed = f" seed {training.seed}" if training.kind == "train" else ""
    return f"{training.optimizer} lr {training.learning_rate:g}{seed}"


def common_arguments(outcome: Outcome, searched: Collection[str]) -> dict[str, Any]:
    """Return the arguments that all trainings of a row share, with a word in place of what is searched."""
    return arguments_with(outcome.training.row.arguments, dict.fromkeys(searched, "searched"))


def params(outcome: Outcome, searched: Collection[str] = (), *, shared: bool = False) -> list[Any]:
    """Return a training's settings; `searched` are the names of the row's searched arguments.

    `shared`: only those that its parent run has as well.
    """
    from mlflow.entities import Param

    training = outcome.training
    arguments = common_arguments(outcome, searched) if shared else _arguments(outcome, searched)
    values: dict[str, Any] = {
        "optimizer": training.optimizer,
        "class": training.row.class_name,
        "network": training.network,
        "epochs": training.epochs,
        "batch_size": training.batch_size,
        "precision": training.precision,
        "device": training.device,
        "convolution": training.convolution,
        "schedule": training.schedule,
        "warmup_fraction": training.warmup_fraction,
    }
    if training.row.identity:
        values["identity"] = training.row.identity
    values |= {f"arguments.{name}": value for name, value in arguments.items()}
    if rest := training.row.rest:
        values |= {"rest.class": rest.class_name} | {f"rest.arguments.{n}": v for n, v in rest.arguments.items()}
    values |= {f"parameters.{name}": count for name, count in outcome.parameters.items()}
    if not shared:
        values |= {"learning_rate": training.learning_rate, "seed": training.seed}
    return [Param(name, str(value)) for name, value in values.items()]


def _arguments(outcome: Outcome, searched: Collection[str]) -> dict[str, Any]:
    """Return a training's arguments; a searched β also by its own name, as a number to sort and draw by."""
    arguments = outcome.training.row.arguments
    return {**arguments, **searched_in(arguments, [name for name in searched if is_beta(name, arguments)])}


def metrics(outcome: Outcome, start: int, end: int) -> list[Any]:
    """Return a training's history, spread over the milliseconds from `start` to `end`."""
    from mlflow.entities import Metric

    steps = outcome.last.step
    per_epoch = outcome.steps_per_epoch or (steps / outcome.training.epochs if not outcome.diverged else None)
    series = []
    for point in outcome.history:
        when = start + (end - start) * point.step // steps
        values = {
            "epoch": point.step / per_epoch if per_epoch else None,
            "images": point.images,
            "train_loss": point.train_loss,
            "update_rms": point.update,
            "validation_loss": point.validation_loss,
            "validation_accuracy": point.validation_accuracy,
        }
        series += [Metric(n, float(v), when, point.step) for n, v in values.items() if v is not None]
    ends = {"diverged_at": outcome.diverged_at, "hopeless_at": outcome.hopeless_at}
    return series + [Metric(name, float(at), end, steps) for name, at in ends.items() if at is not None]


def metric(name: str, value: float) -> Any:
    """Return one value, dated now."""
    from mlflow.entities import Metric

    return Metric(name, value, time.time_ns() // 1_000_000, 0)


def dataset_input(data: DataSet) -> Any:
    """Return a problem's data as the input of a run."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    tensor = {"type": "tensor", "tensor-spec": {"dtype": "uint8", "shape": [-1, *data.shape]}}
    labels = {"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}
    schema = {"mlflow_tensorspec": {"features": json.dumps([tensor]), "targets": json.dumps([labels])}}
    dataset = Dataset(
        name=data.problem,
        digest=data.digest,
        source_type="local",
        source=json.dumps({"uri": data.source}),
        schema=json.dumps(schema),
        profile=json.dumps({**data.counts, "classes": list(data.classes)}),
    )
    return DatasetInput(dataset=dataset, tags=[InputTag("mlflow.data.context", "training and validation")])
