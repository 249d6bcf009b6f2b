"""One training: settings in, weights and history out. Knows no MLflow and no DVC.

A training is single-threaded and a pure function of its settings, the data and this code: it gives the same bytes
whatever else runs on the machine.
"""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from pipeline.prepared import reader
from pipeline.prepared.refusal import Refusal
from pipeline.training import determinism, networks, optimizers
from pipeline.training.batches import Batches
from pipeline.training.losses import accuracy, is_hopeless, loss
from pipeline.training.record import Outcome, Point, Training
from pipeline.training.schedule import factor, varies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor, nn

    from pipeline.prepared.examples import Examples
    from pipeline.prepared.reader import Description, Task

POINTS_PER_EPOCH = 10
_QUARTER = 0.25  # of the steps: then a training may be hopeless
# Examples at once where nothing is trained; every token has as many logits as there are words
_EVALUATION_BATCH = {"classification": 250, "regression": 250, "next_token": 16}


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
        With the final weights. A loss that is not finite ends the training after the epoch, and a network that is no
        better than chance may end it earlier (`Training.stop_if_hopeless`): these are outcomes (`diverged_at`,
        `hopeless_at`), not errors.

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
    validation = evaluation_batches(reader.open_part(learning, "validation"), description, device)
    # what a network draws while it learns (dropout) has a stream of its own
    with determinism.random_numbers(stream(training.seed, "dropout"), device):
        network = _initial_network(training, description, validation).to(device)
        stepper = optimizers.build(training.optimizer, training.row, training.learning_rate, network)
        course = _Course(training, description, network, stepper, batches, validation)
        history, diverged_at, hopeless_at = course.run()
        with stepper.averaged():
            weights = _weights(network)
    return Outcome(
        training=training,
        key=key,
        history=tuple(history),
        diverged_at=diverged_at,
        parameters=stepper.parameter_counts,
        seconds=time.perf_counter() - start,
        weights=weights,
        hopeless_at=hopeless_at,
        steps_per_epoch=len(batches),
    )


def logits(network: nn.Module, batches: Batches) -> Tensor:
    """Return a network's outputs in evaluation mode on all examples in stored order, float32 (n, outputs)."""
    with _evaluating(network):
        return torch.cat([network(inputs) for inputs, _ in batches.in_sequence()])


def measure(network: nn.Module, batches: Batches, task: Task) -> tuple[float, float | None]:
    """Return mean loss and accuracy of a network on all examples, in evaluation mode.

    Parameters
    ----------
    batches
        As `evaluation_batches` makes them.

    Returns
    -------
    tuple
        Cross-entropy (nats; a token for next_token) or squared error, which may be NaN or infinite; and the share of
        right predictions, 0 to 1, None for a regression.
    """
    if task != "next_token":
        outputs = logits(network, batches)
        return loss(task, outputs, batches.labels).item(), accuracy(task, outputs, batches.labels)
    # the logits of all tokens would not fit into memory
    with _evaluating(network):
        parts = [
            (loss(task, outputs, labels).item(), accuracy(task, outputs, labels), len(labels))
            for inputs, labels in batches.in_sequence()
            for outputs in [network(inputs)]
        ]
    losses, accuracies, counts = zip(*parts, strict=True)
    return float(np.average(losses, weights=counts)), float(np.average(accuracies, weights=counts))


def evaluation_batches(examples: Examples, description: Description, device: torch.device | None = None) -> Batches:
    """Return batches of a size for measuring a network, not for training it."""
    return Batches(examples, description, _EVALUATION_BATCH[description.task], device)


def finite(value: float) -> float | None:
    """Return the value, or None where it is NaN or infinite (JSON has neither)."""
    return value if math.isfinite(value) else None


def stream(seed: int, purpose: str) -> int:
    """Return a different seed for each purpose, so that weights, order and dropout are independent."""
    entropy = [seed, *purpose.encode()]
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> 1)


def look_steps(training: Training, epoch: int, steps: int) -> dict[int, bool]:
    """Return the steps of an epoch (from 0) of so many steps at which to measure, and whether to validate there too."""
    times = training.validations_per_epoch
    if times < 1:
        # in one of so many epochs, counted from the last
        times = int((training.epochs - 1 - epoch) % round(1 / times) == 0)
    looks: dict[int, bool] = {}
    for part in range(1, POINTS_PER_EPOCH + 1):
        step = round(steps * part / POINTS_PER_EPOCH)
        validates = times > 0 and part % (POINTS_PER_EPOCH // times) == 0
        looks[step] = looks.get(step, False) or validates
    looks.pop(0, None)
    return looks


def first_validation(training: Training, steps: int, fraction: float) -> int:
    """Return the step of a training, epochs of so many steps, with the first validation from a fraction of it on."""
    looks = ((epoch * steps, look_steps(training, epoch, steps)) for epoch in range(training.epochs))
    validations = (before + step for before, own in looks for step, validates in own.items() if validates)
    return next(step for step in validations if step >= fraction * training.epochs * steps)


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    mode = network.training
    network.eval()
    with torch.inference_mode():
        yield
    network.train(mode)


def _initial_network(training: Training, description: Description, examples: Batches) -> nn.Module:
    with determinism.random_numbers(stream(training.seed, "weights")):
        network = networks.build(training.network, description.shape, description.outputs, training.convolution)
    inputs, labels = (tensor[:1].cpu() for tensor in next(examples.in_sequence()))
    with networks.own_errors(training.network), _evaluating(network):
        found = network(inputs).shape
    wanted = (*labels.shape[: labels.dim() - (description.task == "regression")], description.outputs)
    if found != wanted:
        raise Refusal("wrong_outputs", network=training.network, found=tuple(found), wanted=wanted)
    return network


@dataclass(frozen=True)
class _Seen:
    """What was measured after a step of an epoch (numbered from 1): the update, and perhaps the validation."""

    step: int
    update: float
    validation: tuple[float, float | None] | None


class _Course:
    """The steps of one training."""

    def __init__(
        self,
        training: Training,
        description: Description,
        network: nn.Module,
        stepper: optimizers.Stepper,
        batches: Batches,
        validation: Batches,
    ) -> None:
        self._training = training
        self._task = description.task
        self._outputs = description.outputs
        self._network = network
        self._stepper = stepper
        self._batches = batches
        self._validation = validation
        self._steps = training.epochs * len(batches)
        self._scheduled = varies(training.schedule, training.warmup_fraction, self._steps)
        judged = training.stop_if_hopeless and self._task != "regression"
        self._judged_at = first_validation(training, len(batches), _QUARTER) if judged else None

    def run(self) -> tuple[list[Point], int | None, int | None]:
        """Take all steps; return the history, the first step of a divergence, and the step after which it was hopeless.

        A training that diverged is not said to be hopeless as well.
        """
        order = torch.Generator().manual_seed(stream(self._training.seed, "order"))
        history: list[Point] = []
        for epoch in range(self._training.epochs):
            before = epoch * len(self._batches)
            rows = torch.randperm(len(self._batches.labels), generator=order)
            losses, seen, hopeless = self._epoch(before, self._batches.in_order(rows), self._looks(epoch))
            points, diverged_at = _points(losses, seen, before, self._batches.size)
            history += points
            # no training loss follows the last step, so the validation loss shows whether it diverged
            if diverged_at is None and seen[-1].validation and points[-1].validation_loss is None:
                diverged_at = points[-1].step
            if diverged_at is not None:
                return history, diverged_at, None
            if hopeless:
                return history, None, points[-1].step
        return history, None, None

    def _looks(self, epoch: int) -> dict[int, bool]:
        return look_steps(self._training, epoch, len(self._batches))

    def _epoch(
        self, before: int, batches: Iterator[tuple[Tensor, Tensor]], looks: dict[int, bool]
    ) -> tuple[np.ndarray, list[_Seen], bool]:
        """Take one step per batch; return the losses, float64 (steps,), what was seen, and whether it is hopeless."""
        losses: list[Tensor] = []
        seen: list[_Seen] = []
        hopeless = False
        for step, (inputs, labels) in enumerate(batches, start=1):
            if self._scheduled:
                self._stepper.scale_learning_rate(self._factor(before + step - 1))
            error = loss(self._task, self._outputs_of(inputs), labels)
            self._stepper.zero_grad()
            error.backward()  # type: ignore[no-untyped-call]
            losses.append(error.detach())
            if step not in looks:
                self._stepper.step()
                continue
            seen.append(self._step_and_look(step, validate=looks[step]))
            hopeless = before + step == self._judged_at and self._is_hopeless(seen[-1])
            if hopeless:
                break
        # read once: reading every single loss would wait for the GPU each time
        return torch.stack(losses).cpu().numpy().astype(np.float64), seen, hopeless

    def _factor(self, step: int) -> float:
        return factor(self._training.schedule, self._training.warmup_fraction, step, self._steps)

    def _outputs_of(self, inputs: Tensor) -> Tensor:
        if self._training.precision == "float32":
            outputs: Tensor = self._network(inputs)
            return outputs
        # weights, losses and gradients stay float32: only products are rounded
        with torch.autocast(inputs.device.type, torch.bfloat16):
            return self._network(inputs).float()  # type: ignore[no-any-return]

    def _step_and_look(self, step: int, *, validate: bool) -> _Seen:
        """Take a step; measure the root mean square of the change over all parameters, and perhaps the validation."""
        before = self._stepper.values.clone()
        self._stepper.step()
        update = (self._stepper.values - before).square().mean().sqrt().item()
        if not validate:
            return _Seen(step, update, None)
        with self._stepper.averaged():
            return _Seen(step, update, measure(self._network, self._validation, self._task))

    def _is_hopeless(self, seen: _Seen) -> bool:
        return seen.validation is not None and is_hopeless(*seen.validation, self._validation.labels, self._outputs)


def _points(losses: np.ndarray, seen: list[_Seen], before: int, size: int) -> tuple[list[Point], int | None]:
    """Summarise an epoch in about ten points, and name the first step whose loss was not finite.

    `before` is the number of steps before the epoch, `size` that of the examples in a batch.
    """
    points = []
    for begin, look in zip([0, *(look.step for look in seen)], seen, strict=False):
        error, hits = look.validation or (None, None)
        points.append(
            Point(
                step=before + look.step,
                images=(before + look.step) * size,
                train_loss=finite(float(losses[begin : look.step].mean())),
                update=finite(look.update),
                validation_loss=None if error is None else finite(error),
                validation_accuracy=hits,
            )
        )
    bad = np.flatnonzero(~np.isfinite(losses))
    return points, before + int(bad[0]) + 1 if len(bad) else None


def _weights(network: nn.Module) -> dict[str, np.ndarray]:
    # contiguous in torch's documented order (out, in, height, width), whatever the layout in memory
    return {name: tensor.detach().cpu().contiguous().numpy().copy() for name, tensor in network.state_dict().items()}
