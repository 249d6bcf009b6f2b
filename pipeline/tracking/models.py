"""Networks in MLflow: logged with a run, and the best of them registered."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pipeline.tracking.store import store_uri

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from torch import nn

    from pipeline.settings.study import MeasureName
    from pipeline.tracking.runs import Runs
    from pipeline.training.record import Outcome

_NAME = "model"
# Alias of the best version of a registered model
_BEST = "champion"


def name(problem: str) -> str:
    """Return the name of the registered model of a problem."""
    return f"{problem}-cnn"


def describe(runs: Runs, name: str, key: str, card: str) -> int:
    """Let a training's version of a registered model have a card, and the model too if it is the champion."""
    client = runs.client
    versions = client.search_model_versions(f"name = '{name}'")
    own = next((version for version in versions if version.tags.get("key") == key), None)
    if own is None or own.description == card:
        return 0
    client.update_model_version(name, own.version, card)
    (registered,) = client.search_registered_models(f"name = '{name}'")
    if str(registered.aliases.get(_BEST)) == str(own.version):
        client.update_registered_model(name, card)
    return 1


def log(runs: Runs, outcome: Outcome, make: Callable[[], nn.Module], example: np.ndarray) -> int:
    """Log the model of a training with signature and example, if its run has none; return 1 if it was logged.

    `make` builds the model, if needed; `example` are inputs as they are stored (n ≥ 2, …).
    """
    run = runs.find(outcome)
    if not run or _model_of(runs.client, run):
        return 0
    import mlflow
    import torch
    from mlflow.models import infer_signature

    mlflow.set_tracking_uri(store_uri())
    model = make()
    with torch.inference_mode():
        output = model(torch.from_numpy(example)).numpy()
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.pytorch.log_model(
            model,
            name=_NAME,
            signature=infer_signature(example, output),
            input_example=example,
            # MLflow would take seconds to find out what serving needs;
            # a local label such as +cpu is not known to the default registry
            pip_requirements=[f"{name}=={version(name).split('+')[0]}" for name in ("torch", "numpy")],
            serialization_format="pt2",
            # it would load the model again and predict on the example: a quarter of the time
            validate_serving_input=False,
        )
    # start_run opened the run again: it ended when its training did
    runs.client.set_terminated(run.info.run_id, end_time=run.info.end_time)
    runs.client.set_tag(run.info.run_id, "model", _NAME)
    return 1


def register(runs: Runs, name: str, outcome: Outcome, measure: MeasureName = "accuracy") -> int:
    """Register the model of a training, if it has one, and move the alias; return 1 if anything changed."""
    client, run = runs.client, runs.find(outcome)
    if not run or not (model := _model_of(client, run)):
        return 0
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, description=_DESCRIPTION.format(problem=outcome.training.problem))
    versions = {found.tags.get("key"): found for found in client.search_model_versions(f"name = '{name}'")}
    new = outcome.key not in versions
    if new:
        versions[outcome.key] = _new_version(client, name, outcome, run, model, measure)
    same_data = [v for v in versions.values() if v.tags.get("data") == outcome.training.data]
    moved = _move_alias(client, name, same_data)
    return int(new or moved)


_DESCRIPTION = (
    "Networks for {problem}: stored inputs in (such as uint8, batch x height x width x channels), probabilities of the "
    f"classes out. The alias {_BEST} names the best on validation examples among those trained on the same data."
)


def _model_of(client: Any, run: Any) -> str | None:
    """Return the id of a run's logged model, or None: it may have been deleted in the UI since."""
    if "model" not in run.data.tags:
        return None
    found = client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'")
    return next((str(model.model_id) for model in found if model.status == "READY"), None)


def _new_version(client: Any, name: str, outcome: Outcome, run: Any, model: str, measure: MeasureName) -> Any:
    tags = {tag: run.data.tags[tag] for tag in ("optimizer", "problem", "key")}
    reached = {"accuracy": outcome.validation_accuracy, "loss": outcome.last.validation_loss}
    tags |= {f"validation_{measure}": str(reached[measure]), "data": outcome.training.data}
    if commit := run.data.tags.get("mlflow.source.git.commit"):
        tags["git_commit"] = commit
    return client.create_model_version(name, f"models:/{model}", run_id=run.info.run_id, model_id=model, tags=tags)


def _move_alias(client: Any, name: str, versions: list[Any]) -> bool:
    """Let the alias name the version that is best on validation examples; among equals, it stays where it is."""
    if not versions:
        return False
    (registered,) = client.search_registered_models(f"name = '{name}'")
    current = str(registered.aliases.get(_BEST))
    best = max(versions, key=lambda v: (_score(v.tags), str(v.version) == current))
    if str(best.version) == current:
        return False
    client.set_registered_model_alias(name, _BEST, best.version)
    return True


def _score(tags: Mapping[str, str]) -> float:
    """Return a version's accuracy, or minus its loss, on validation examples."""
    return float(tags["validation_accuracy"]) if "validation_accuracy" in tags else -float(tags["validation_loss"])
