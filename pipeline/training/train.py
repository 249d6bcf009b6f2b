"""One training: settings in, weights and history out. Knows no MLflow and no DVC.

A training is single-threaded and a pure function of its settings, the data and this code: it gives the same bytes
whatever else runs on the machine.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

from pipeline.prepared import reader
from pipeline.prepared.refusal import Refusal
from pipeline.training import determinism, networks, optimizers
from pipeline.training.batches import Batches
from pipeline.training.record import Outcome, Point, Training

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor, nn

POINTS_PER_EPOCH = 10
_EVALUATION_BATCH = 250


def train(training: Training, learning: Path, key: str) -> Outcome:
    """Train one network.

    Parameters
    ----------
    learning
        Folder with the prepared training and validation examples.
    key
        The training's identity, for the outcome.

    Returns
    -------
    Outcome
        With the final weights. A loss that is not finite ends the training after the epoch: that is an outcome
        (`diverged_at`), not an error.

    Raises
    ------
    Refusal
        If the network or the optimizer's row is wrong, or a batch is larger than the data.
    """
    determinism.enforce()
    start = time.perf_counter()
    device = torch.device(training.device)
    description = reader.describe(learning)
    batches = Batches(reader.open_part(learning, "train"), description, training.batch_size, device)
    if not len(batches):
        examples = len(batches.labels)
        raise Refusal("batch_too_large", problem=training.problem, found=training.batch_size, examples=examples)
    validation = Batches(reader.open_part(learning, "validation"), description, _EVALUATION_BATCH, device)
    network = _initial_network(training, description).to(device)
    stepper = optimizers.build(training.optimizer, training.row, training.learning_rate, network)
    order = torch.Generator().manual_seed(stream(training.seed, "order"))

    history: list[Point] = []
    diverged_at = None
    for epoch in range(training.epochs):
        rows = torch.randperm(len(batches.labels), generator=order)
        looks = look_steps(training, len(batches))
        losses, seen = _epoch(network, stepper, batches.in_order(rows), looks, validation, training.precision)
        points, diverged_at = _points(losses, seen, epoch, batches)
        history += points
        # no training loss follows the last step, so the validation loss shows whether it diverged
        if diverged_at is None and points[-1].validation_loss is None:
            diverged_at = points[-1].step
        if diverged_at is not None:
            break
    return Outcome(
        training=training,
        key=key,
        history=tuple(history),
        diverged_at=diverged_at,
        parameters=stepper.parameter_counts,
        seconds=time.perf_counter() - start,
        weights=_weights(network),
    )


def logits(network: nn.Module, batches: Batches) -> Tensor:
    """Return a network's outputs on all examples in stored order, float32 (n, classes)."""
    with torch.inference_mode():
        return torch.cat([network(images) for images, _ in batches.in_sequence()])


def predicted(outputs: Tensor) -> Tensor:
    """Return the predicted class of each row of logits, int64 (n,); −1 where an output is not finite.

    A diverged network predicts nothing: with argmax it would sometimes be right by chance.
    """
    finite = torch.isfinite(outputs).all(dim=1)
    return torch.where(finite, outputs.argmax(dim=1), -1)


def finite(value: float) -> float | None:
    """Return the value, or None where it is NaN or infinite (JSON has neither)."""
    return value if math.isfinite(value) else None


def _initial_network(training: Training, description: reader.Description) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream(training.seed, "weights"))  # noqa: TID251 - the one place that seeds
        return networks.build(training.network, description.shape, len(description.classes), training.convolution)


def stream(seed: int, purpose: str) -> int:
    """Return a different seed for each purpose, so that weights and order are independent."""
    entropy = [seed, *purpose.encode()]
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> 1)


@dataclass(frozen=True)
class _Seen:
    """What was measured after a step of an epoch (numbered from 1): the update, and perhaps the validation."""

    step: int
    update: float
    validation: tuple[float, float] | None


def look_steps(training: Training, steps: int) -> dict[int, bool]:
    """Return the steps of an epoch at which to measure, and whether to validate there too."""
    every = POINTS_PER_EPOCH // training.validations_per_epoch
    looks: dict[int, bool] = {}
    for part in range(1, POINTS_PER_EPOCH + 1):
        step = round(steps * part / POINTS_PER_EPOCH)
        looks[step] = looks.get(step, False) or part % every == 0
    looks.pop(0, None)
    return looks


def _epoch(
    network: nn.Module,
    stepper: optimizers.Stepper,
    batches: Iterator[tuple[Tensor, Tensor]],
    looks: dict[int, bool],
    validation: Batches,
    precision: str,
) -> tuple[np.ndarray, list[_Seen]]:
    """Take one step per batch; return the loss of each, float64 (steps,), and what was measured."""
    losses: list[Tensor] = []
    seen: list[_Seen] = []
    for step, (images, labels) in enumerate(batches, start=1):
        loss = F.cross_entropy(_outputs(network, images, precision), labels)
        stepper.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        losses.append(loss.detach())
        if step in looks:
            update = _step_measured(stepper)
            seen.append(_Seen(step, update, _validate(network, validation) if looks[step] else None))
        else:
            stepper.step()
    # read once: reading every single loss would wait for the GPU each time
    return torch.stack(losses).cpu().numpy().astype(np.float64), seen


def _outputs(network: nn.Module, images: Tensor, precision: str) -> Tensor:
    if precision == "float32":
        outputs: Tensor = network(images)
        return outputs
    # weights, losses and gradients stay float32: only products are rounded
    with torch.autocast(images.device.type, torch.bfloat16):
        return network(images).float()  # type: ignore[no-any-return]


def _step_measured(stepper: optimizers.Stepper) -> float:
    """Take a step, and return the root mean square of the change over all parameters."""
    before = stepper.values.clone()
    stepper.step()
    return (stepper.values - before).square().mean().sqrt().item()


def _validate(network: nn.Module, validation: Batches) -> tuple[float, float]:
    """Return mean cross-entropy (nats) and accuracy (fraction) on the validation examples."""
    outputs = logits(network, validation)
    loss = F.cross_entropy(outputs, validation.labels).item()
    return loss, (predicted(outputs) == validation.labels).double().mean().item()


def _points(losses: np.ndarray, seen: list[_Seen], epoch: int, batches: Batches) -> tuple[list[Point], int | None]:
    """Summarise an epoch in about ten points, and name the first step whose loss was not finite."""
    steps = len(losses)
    points = []
    for begin, look in zip([0, *(look.step for look in seen)], seen, strict=False):
        loss, accuracy = look.validation or (None, None)
        points.append(
            Point(
                step=epoch * steps + look.step,
                images=(epoch * steps + look.step) * batches.size,
                train_loss=finite(float(losses[begin : look.step].mean())),
                update=finite(look.update),
                validation_loss=None if loss is None else finite(loss),
                validation_accuracy=accuracy,
            )
        )
    bad = np.flatnonzero(~np.isfinite(losses))
    return points, epoch * steps + int(bad[0]) + 1 if len(bad) else None


def _weights(network: nn.Module) -> dict[str, np.ndarray]:
    # contiguous in torch's documented order (out, in, height, width), whatever the layout in memory
    return {name: tensor.detach().cpu().contiguous().numpy().copy() for name, tensor in network.state_dict().items()}
