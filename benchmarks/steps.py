"""What each trick of the training step brings, one thread, rung by rung: ``python -m benchmarks.steps``.

Every rung keeps the tricks of those above it. All take the same steps from the same initial weights on the same
batches, and take turns in one run, each in a process of its own; the losses along the way show that a rung changes the
numbers by no more than rounding. A new rung is one more function in `RUNGS`. The machine should do nothing else.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

from benchmarks import plain_loops
from pipeline.prepared import reader
from pipeline.project import environment, errors, files, paths
from pipeline.running import pool, refusals
from pipeline.running.planning import optimizer_row
from pipeline.settings import loading
from pipeline.training import determinism, networks, optimizers
from pipeline.training.batches import Batches
from pipeline.training.convolution.network import ConvNet

RESULT = Path("benchmarks/results/steps.json")
PROBLEM, OPTIMIZER = "cifar10", "adam"
# losses are compared over these first steps: later on, rounding has grown into another path through the same landscape
COMPARED_STEPS = 20
TOLERANCE = 1e-4  # nats

Step = Callable[[Tensor], Tensor]  # row numbers of a batch in, loss out


class ChannelsLast(nn.Module):
    """The project's network without its compiled convolution; ReLU before or after the max-pool."""

    def __init__(self, network: nn.Module, *, pool_first: bool, permuted: bool) -> None:
        super().__init__()
        assert isinstance(network, ConvNet)
        self.inner, self._pool_first, self._permuted = network, pool_first, permuted
        if not permuted:
            _unpermute(network)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float32 (batch, classes)."""
        x = images
        for convolution in self.inner.convolutions:
            x = convolution(x)
            x = F.relu(F.max_pool2d(x, 2)) if self._pool_first else F.max_pool2d(F.relu(x), 2)
        x = x.permute(0, 2, 3, 1).flatten(1) if self._permuted else x.flatten(1)
        *hidden, head = self.inner.dense
        for layer in hidden:
            x = F.relu(layer(x))
        logits: Tensor = head(x)
        return logits


def _unpermute(network: ConvNet) -> None:
    """Reorder the first dense layer's columns from (height, width, channel) to (channel, height, width)."""
    first = network.dense[0]
    assert isinstance(first, nn.Linear)
    channels = len(next(reversed(list(network.convolutions))).weight)  # type: ignore[arg-type]
    side = round((first.in_features // channels) ** 0.5)
    columns = first.weight.data.view(-1, side, side, channels).permute(0, 3, 1, 2)
    first.weight.data = columns.reshape(first.weight.shape).contiguous()


def naive(data: Batches, learning_rate: float) -> Step:
    """Float images in memory, channels first, ReLU before pooling, one tensor per parameter."""
    network = _channels_first()
    everything = torch.cat([images for images, _ in data.in_sequence()]).contiguous()
    return _plain(network, lambda rows: everything[rows], data, learning_rate)


def gather(data: Batches, learning_rate: float) -> Step:
    """uint8 images; a batch at a time is gathered (index_select) and normalised (addcmul)."""
    return _plain(_channels_first(), lambda rows: _gathered(data, rows).contiguous(), data, learning_rate)


def channels_last(data: Batches, learning_rate: float) -> Step:
    """Images and kernels laid out channels-last."""
    network = ChannelsLast(_initial(), pool_first=False, permuted=False)
    return _plain(network, lambda rows: _gathered(data, rows), data, learning_rate)


def pool_before_relu(data: Batches, learning_rate: float) -> Step:
    """Max-pool before ReLU, which then has a quarter of the work."""
    network = ChannelsLast(_initial(), pool_first=True, permuted=False)
    return _plain(network, lambda rows: _gathered(data, rows), data, learning_rate)


def flatten_as_stored(data: Batches, learning_rate: float) -> Step:
    """Feature maps flattened as they lie in memory."""
    network = ChannelsLast(_initial(), pool_first=True, permuted=True)
    return _plain(network, lambda rows: _gathered(data, rows), data, learning_rate)


def one_vector(data: Batches, learning_rate: float) -> Step:
    """One fused optimizer on one vector of all parameters."""
    return _stepped(ChannelsLast(_initial(), pool_first=True, permuted=True), data, learning_rate)


def compiled_convolution(data: Batches, learning_rate: float) -> Step:
    """Convolution, max-pool and ReLU as one compiled loop nest: the project's network as it is."""
    return _stepped(_initial(), data, learning_rate)


def malloc_settings(data: Batches, learning_rate: float) -> Step:
    """With the memory settings of the project's workers."""
    return compiled_convolution(data, learning_rate)


def deterministic(data: Batches, learning_rate: float) -> Step:
    """Deterministic algorithms only, without filling new tensors with NaN: as the project trains."""
    determinism.enforce()
    return compiled_convolution(data, learning_rate)


def deterministic_filled(data: Batches, learning_rate: float) -> Step:
    """With that filling, PyTorch's default: no gain, but what leaving it out saves."""
    step = deterministic(data, learning_rate)
    torch.utils.deterministic.fill_uninitialized_memory = True  # type: ignore[attr-defined]
    return step


RUNGS: tuple[Callable[[Batches, float], Step], ...] = (
    *(naive, gather, channels_last, pool_before_relu, flatten_as_stored, one_vector, compiled_convolution),
    *(malloc_settings, deterministic, deterministic_filled),
)
_WITH_WORKER_ENVIRONMENT = {rung.__name__ for rung in (malloc_settings, deterministic, deterministic_filled)}


def _initial() -> nn.Module:
    torch.manual_seed(0)  # noqa: TID251 - a loop of its own, that shares nothing with pipeline.training.train
    description = reader.describe(paths.learning(PROBLEM))
    return networks.build(loading.load().problems[PROBLEM].network, description.shape, len(description.classes))


def _channels_first() -> nn.Module:
    """Return the tutorial's network with the same initial function as the project's."""
    initial = _initial()
    assert isinstance(initial, ConvNet)
    _unpermute(initial)
    network = plain_loops.network()
    for own, other in zip(network.parameters(), initial.parameters(), strict=True):
        own.data = other.data.clone(memory_format=torch.contiguous_format)
    return network


def _gathered(data: Batches, rows: Tensor) -> Tensor:
    # one batch of the project's own iterator
    images, _ = next(data.in_order(rows))
    return images


def _plain(network: nn.Module, images: Callable[[Tensor], Tensor], data: Batches, learning_rate: float) -> Step:
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate)

    def step(rows: Tensor) -> Tensor:
        loss = F.cross_entropy(network(images(rows)), data.labels[rows])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss.detach()

    return step


def _stepped(network: nn.Module, data: Batches, learning_rate: float) -> Step:
    row = optimizer_row(loading.load().optimizer(OPTIMIZER))
    stepper = optimizers.build(OPTIMIZER, row, learning_rate, network)

    def step(rows: Tensor) -> Tensor:
        loss = F.cross_entropy(network(_gathered(data, rows)), data.labels[rows])
        stepper.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        stepper.step()
        return loss.detach()

    return step


def measure(rung: Callable[[Batches, float], Step], steps: int) -> dict[str, Any]:
    """Return images per second after the warm-up, and the first losses (nats)."""
    torch.set_num_threads(1)
    settings = loading.load()
    size = settings.problems[PROBLEM].batch_size
    learning = paths.learning(PROBLEM)
    data = Batches(reader.open_part(learning, "train"), reader.describe(learning), size)
    step = rung(data, settings.optimizer(OPTIMIZER).learning_rate_centre)
    order = torch.randperm(len(data.labels), generator=torch.Generator().manual_seed(0))
    batches = torch.split(order[: len(data) * size], size)
    losses = [step(batches[number]).item() for number in range(COMPARED_STEPS)]
    start = time.perf_counter()
    for number in range(steps):
        step(batches[number % len(batches)])
    return {"rate": steps * size / (time.perf_counter() - start), "losses": losses}


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often every rung takes its turn.")] = 5,
    steps: Annotated[int, typer.Option(min=1, help="Timed steps.")] = 700,
    only: Annotated[str, typer.Option(help="Run one rung here and print its figures.")] = "",
    result: Annotated[Path, typer.Option(help="Where to write.")] = RESULT,
) -> None:
    """Measure, print and write ``benchmarks/results/steps.json``."""
    rungs = {rung.__name__: rung for rung in RUNGS}
    if only:
        if only not in rungs:
            raise errors.UserError(f"there is no rung {only!r}: one of {', '.join(rungs)}.")
        print(json.dumps(measure(rungs[only], steps)))
        return
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in rungs}
    for _ in range(rounds):
        for name in rungs:
            found[name].append(_child(name, steps))
    summaries = [_summary(name, rungs[name].__doc__ or "", found) for name in rungs]
    described = environment.describe()
    versions = described.pop("versions")
    content = {"machine": described, "versions": versions, "threads": 1, "steps": steps, "rungs": summaries}
    files.write_json(result, content)
    _print(summaries)


def _child(name: str, steps: int) -> dict[str, Any]:
    extra = pool.WORKER_ENVIRONMENT if name in _WITH_WORKER_ENVIRONMENT else {}
    variables = {**os.environ, "OMP_NUM_THREADS": "1", **extra}
    command = [sys.executable, "-m", "benchmarks.steps", "--only", name, f"--steps={steps}"]
    measured: dict[str, Any] = json.loads(
        subprocess.run(command, check=True, stdout=subprocess.PIPE, env=variables).stdout
    )
    return measured


def _summary(name: str, description: str, found: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    first = RUNGS[0].__name__
    rates = [measured["rate"] for measured in found[name]]
    ratios = [own / base["rate"] for own, base in zip(rates, found[first], strict=True)]
    pairs = zip(found[name][0]["losses"], found[first][0]["losses"], strict=True)
    difference = max(abs(a - b) for a, b in pairs)
    return {
        "rung": name,
        "what": description,
        "images_per_second": round(statistics.median(rates)),
        "times_naive": {
            "median": round(statistics.median(ratios), 2),
            "low": round(min(ratios), 2),
            "high": round(max(ratios), 2),
            "rounds": len(ratios),
        },
        "largest_loss_difference": difference,
        "same_losses": difference <= TOLERANCE,
    }


def _print(rungs: list[dict[str, Any]]) -> None:
    print(f"{'rung':18} {'images/s':>9} {'× naive':>8}   range        largest difference of a loss")
    for rung in rungs:
        ratio = rung["times_naive"]
        print(
            f"{rung['rung']:18} {rung['images_per_second']:9,} {ratio['median']:8.2f}   "
            f"{ratio['low']:.2f} to {ratio['high']:.2f} {rung['largest_loss_difference']:.1e}"
            + ("" if rung["same_losses"] else "  NOT THE SAME")
        )


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
