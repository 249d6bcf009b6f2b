"""What Muon's matrix products cost in bfloat16 and in float32: ``python -m benchmarks.muon``.

Training steps of the assignment's network, batch 64, random images, one thread; torch's own Muon and the project's take
turns. A ratio is computed within a round. Takes about a minute.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

from pipeline.project import environment, errors, files
from pipeline.running import hardware
from pipeline.running.planning import optimizer_row
from pipeline.settings import loading
from pipeline.training import determinism, networks, optimizers

RESULT = Path("benchmarks/results/muon.json")
NETWORK, SHAPE, CLASSES, BATCH = "assignment_cnn", (32, 32, 3), 10, 64
ROW = "muon"
STEPS = 10


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often each takes its turn of ten steps.")] = 15,
    result: Annotated[Path, typer.Option(help="Where to write.")] = RESULT,
) -> None:
    """Measure, print and write ``benchmarks/results/muon.json``."""
    determinism.enforce()
    contenders = {"bfloat16": _network_and_stepper(), "float32": _network_and_stepper()}
    _as_torch_steps(contenders["bfloat16"][1])
    for contender in contenders.values():
        _milliseconds(*contender)
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            times[name].append(round(_milliseconds(*contender), 3))
    ratios = [round(slow / fast, 2) for slow, fast in zip(times["bfloat16"], times["float32"], strict=True)]
    described = environment.describe()
    versions = described.pop("versions")
    machine = {**described, "bfloat16": hardware.has_fast_bfloat16("cpu")}
    content = {"machine": machine, "versions": versions, "milliseconds_per_step": times, "ratios": ratios}
    files.write_json(result, content)
    for name, own in times.items():
        print(f"{name}: {statistics.median(own):.1f} ms a step ({min(own):.1f} to {max(own):.1f})")
    print(f"{statistics.median(ratios):.1f} times as long in bfloat16 ({min(ratios):.1f} to {max(ratios):.1f})")


def _network_and_stepper() -> tuple[nn.Module, optimizers.Stepper]:
    row = loading.load().optimizer(ROW)
    network = networks.build(NETWORK, SHAPE, CLASSES)
    return network, optimizers.build(ROW, optimizer_row(row), row.learning_rate_centre, network)


def _as_torch_steps(stepper: optimizers.Stepper) -> None:
    """Let the first optimizer step as torch's own class does."""
    muon: Any = stepper.optimizers[0]
    muon.__class__ = torch.optim.Muon


def _milliseconds(network: nn.Module, stepper: optimizers.Stepper) -> float:
    """Take training steps; return the mean time of one."""
    images = torch.randn(BATCH, *SHAPE).permute(0, 3, 1, 2)
    labels = torch.randint(CLASSES, (BATCH,))
    start = time.perf_counter()
    for _ in range(STEPS):
        loss = F.cross_entropy(network(images), labels)
        stepper.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        stepper.step()
    return (time.perf_counter() - start) / STEPS * 1000


if __name__ == "__main__":
    with errors.one_message():
        typer.run(main)
