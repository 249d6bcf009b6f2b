"""What one step on the few examples that an epoch leaves over does to a network: ``python -m benchmarks.last_batch``.

Trains the assignment's network on CIFAR-10 for one epoch of whole batches, measures its validation accuracy, takes one
more step on the 8 images that are left over (45,000 = 703 × 64 + 8), and measures again. Ten different sets of 8.
"""

from __future__ import annotations

import copy
import statistics

import torch
import typer
from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

from pipeline.prepared import reader
from pipeline.project import errors, paths
from pipeline.running import refusals
from pipeline.running.planning import optimizer_row
from pipeline.settings import loading, study
from pipeline.training import losses, networks, optimizers, train
from pipeline.training.batches import Batches

PROBLEM, LEFT_OVER, REPEATS = "cifar10", 8, 10
RATES = {"sgd": 0.1, "rmsprop": 0.001, "adam": 0.001}


def main() -> None:
    """Print the accuracies before and after, for three optimizers."""
    torch.set_num_threads(1)
    settings = loading.load()
    for name, rate in RATES.items():
        before, after = measure(settings, name, rate)
        print(
            f"{name:8} lr {rate:g}: {before:.1%} before, {statistics.mean(after):.1%} after one step on {LEFT_OVER} "
            f"images ({min(after):.1%} to {max(after):.1%} over {REPEATS} sets of {LEFT_OVER})"
        )


def measure(settings: study.Settings, name: str, rate: float) -> tuple[float, list[float]]:
    """Return the validation accuracy after an epoch of whole batches, and after each of ten further steps."""
    learning = paths.learning(PROBLEM)
    description = reader.describe(learning)
    batch_size = settings.problems[PROBLEM].batch_size
    batches = Batches(reader.open_part(learning, "train"), description, batch_size)
    validation = Batches(reader.open_part(learning, "validation"), description, batch_size)
    torch.manual_seed(0)  # noqa: TID251 - a script of its own
    network = networks.build("assignment_cnn", description.shape, len(description.classes))
    row = optimizer_row(settings.optimizer(name))
    stepper = optimizers.build(name, row, rate, network)
    order = torch.randperm(len(batches.labels), generator=torch.Generator().manual_seed(0))
    for images, labels in batches.in_order(order):
        _step(network, stepper, images, labels)
    before = _accuracy(network, validation)
    rest = Batches(reader.open_part(learning, "train"), description, LEFT_OVER)
    state = stepper.values.clone(), [copy.deepcopy(o.state_dict()) for o in stepper.optimizers]
    after = []
    for images, labels in list(rest.in_order(order[-LEFT_OVER * REPEATS :])):
        _step(network, stepper, images, labels)
        after.append(_accuracy(network, validation))
        stepper.values.copy_(state[0])
        for optimizer, saved in zip(stepper.optimizers, state[1], strict=True):
            optimizer.load_state_dict(copy.deepcopy(saved))
    return before, after


def _step(network: torch.nn.Module, stepper: optimizers.Stepper, images: torch.Tensor, labels: torch.Tensor) -> None:
    loss = F.cross_entropy(network(images), labels)
    stepper.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    stepper.step()


def _accuracy(network: torch.nn.Module, validation: Batches) -> float:
    hits = losses.predicted(train.logits(network, validation)) == validation.labels
    return float(hits.double().mean())


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
