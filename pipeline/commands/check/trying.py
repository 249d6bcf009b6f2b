"""A few steps of training on prepared examples, and how long a whole training will take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.comparison import settings as comparison_settings
from pipeline.evaluation import assessment
from pipeline.evaluation.measuring import Place
from pipeline.prepared import reader
from pipeline.prepared.reader import DESCRIPTION
from pipeline.project import files
from pipeline.project.wording import counted
from pipeline.running import outputs
from pipeline.running.planning import central_setting, plan

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.prepared.examples import Examples
    from pipeline.prepared.reader import Description
    from pipeline.settings.study import Settings
    from pipeline.training.record import Outcome, Training

# enough to tell the time of a step from that of all else
_FEW, _MORE = 5, 25
_VALIDATED = 200
# so many times the loss of guessing is no start from which anything is learned
_FAR_ABOVE = 100


@dataclass(frozen=True)
class Tried:
    """What a few steps told: faults as sentences without a full stop, or what was found."""

    faults: list[str]
    found: str = ""


def guessing(description: Description, learning: Path) -> float:
    """Return the loss of always predicting how frequent each label is: nats, or a squared error of about 1."""
    labels = reader.open_part(learning, "train").labels
    if description.task == "regression":
        return float(np.square(labels).mean())
    shares = np.bincount(labels.ravel()) / labels.size
    return float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())


def few_steps(settings: Settings, problem: str, description: Description, folder: Path) -> Tried:
    """Train a few steps with the baseline optimizer, and evaluate the network.

    Parameters
    ----------
    folder
        Holds the prepared examples in ``l`` (learning) and ``t`` (test); more is written there.

    Raises
    ------
    Refusal
        If the network cannot take the examples.
    """
    row = settings.problems[problem]
    name = comparison_settings.load().baseline
    setting = central_setting(settings.optimizer(name))
    whole = plan("train", settings, name, problem, setting=setting, seed=settings.tuning.seed, data="")
    short = replace(whole, epochs=1, validations_per_epoch=1)
    batches = description.counts["train"] // row.batch_size
    if not batches:
        count = description.counts["train"]
        return Tried([f"batch_size is {row.batch_size}; there are only {count} training examples"])
    # the first one compiles what there is to compile
    _train(short, description, folder, min(_FEW, batches))
    few, more = (_train(short, description, folder, min(steps, batches)) for steps in (_FEW, _MORE))
    loss = more.last.validation_loss
    if more.diverged or loss is None or loss > _FAR_ABOVE * guessing(description, folder / "l"):
        found = "not finite" if loss is None else f"{loss:.3g}"
        advice = f"far above that of guessing: scale the inputs (SCALING is {description.scaling})"
        return Tried(
            [f"after {more.last.step} steps of {name} at {setting.learning_rate:g} the loss is {found}, {advice}"]
        )
    steps = more.last.step - few.last.step
    seconds = max(more.seconds - few.seconds, 0.0) / steps if steps else more.seconds / more.last.step
    reached = _evaluated(more, description, folder)
    length = f"{counted(batches * row.epochs, 'step')}, about {_rounded(seconds * batches * row.epochs)}"
    return Tried(
        [], f"network {row.network}: after {more.last.step} steps of {name} {reached}; a training has {length}"
    )


def _rounded(seconds: float) -> str:
    return f"{seconds:.1g} s" if seconds < 10 else f"{float(f'{seconds:.2g}'):,.0f} s"


def _train(training: Training, description: Description, folder: Path, steps: int) -> Outcome:
    from pipeline.training.train import train

    few = folder / f"{steps} steps"
    for part, most in (("train", steps * training.batch_size), ("validation", _VALIDATED)):
        whole = reader.open_part(folder / "l", part)
        _write(few, part, whole.take(np.arange(min(most, len(whole)))))
    files.write_json(few / DESCRIPTION, description.__dict__)
    return train(training, few, "")


def _write(folder: Path, part: str, examples: Examples) -> None:
    folder.mkdir(exist_ok=True)
    np.save(folder / f"{part}_inputs.npy", examples.inputs)
    np.save(folder / f"{part}_labels.npy", examples.labels)


def _evaluated(outcome: Outcome, description: Description, folder: Path) -> str:
    weights = folder / "weights.safetensors"
    outputs.write_weights(weights, [outcome])
    task = Place(folder / "l", folder / "t", "", folder / "memo").task([outcome], weights)
    found = assessment.assess(task)
    loss = f"test loss {found.test_loss[0]:.3g}"
    if description.task == "regression":
        return loss
    return f"{loss}, accuracy {(found.predictions[0] == assessment.test_labels(task.test)).mean():.1%}"
