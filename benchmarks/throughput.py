"""Images per second of this project beside the loop of PyTorch's CIFAR-10 tutorial: ``make bench``.

Same network, batch size, optimizer and images; every contender is a process of its own, and they take turns. The
tutorial's loop is ``torchvision.datasets.CIFAR10``, ``ToTensor``, ``Normalize`` and a ``DataLoader`` with two workers.
Only the training loop is timed, after a warm-up.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from torch import nn

from pipeline import config, environment, errors, execution, files, paths
from pipeline.data import prepared
from pipeline.records import Training, plan

RESULT = Path("benchmarks/results/throughput.json")
PROBLEM, OPTIMIZER = "cifar10", "adam"
CONTENDERS = ("tutorial_loader", "one_worker", "all_workers")
_WARM_UP_STEPS, _STEPS = 40, 300


def tutorial_loader(batch_size: int, learning_rate: float) -> float:
    """Return the images per second of the tutorial's loop at the study's batch size."""
    import torch
    import torchvision
    from torch import nn
    from torchvision import transforms

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "cifar-10-batches-py").symlink_to(paths.raw("cifar10").resolve())
        normalise = transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
        transform = transforms.Compose([transforms.ToTensor(), normalise])
        data = torchvision.datasets.CIFAR10(folder, train=True, transform=transform)
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size, shuffle=True, num_workers=2)
    network = _tutorial_network()
    criterion, optimizer = nn.CrossEntropyLoss(), torch.optim.Adam(network.parameters(), lr=learning_rate)
    running_loss = start = 0.0
    for step, (inputs, labels) in enumerate(loader):
        if step == _WARM_UP_STEPS:
            start = time.perf_counter()
        optimizer.zero_grad()
        loss = criterion(network(inputs), labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        if step == _WARM_UP_STEPS + _STEPS - 1:
            break
    return _STEPS * batch_size / (time.perf_counter() - start)


def _tutorial_network() -> nn.Module:
    """Return the assignment's network as the tutorial would write it: ReLU before pooling, channels first."""
    from torch import nn

    return nn.Sequential(
        *(nn.Conv2d(3, 6, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(16 * 7 * 7, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


def project(settings: config.Settings, workers: int) -> float:
    """Return the images per second of this project's trainings, summed over workers that run side by side."""
    description = prepared.describe(paths.learning(PROBLEM))
    row = settings.optimizer(OPTIMIZER)

    def training(seed: int) -> Training:
        rows = {"learning_rate": row.learning_rate, "seed": seed, "data": description.digest}
        # the tutorial's loop looks at no validation images; one look an epoch is the least that a training can have
        problem = settings.problems[PROBLEM].model_copy(update={"validations_per_epoch": 1})
        return plan("train", OPTIMIZER, row, PROBLEM, problem, **rows)  # type: ignore[arg-type]

    with tempfile.TemporaryDirectory() as memo:
        trainings = [training(seed) for seed in range(workers)]
        outcomes = execution.run(trainings, paths.learning, workers, Path(memo))
    return sum(outcome.last.images / outcome.seconds for outcome in outcomes)


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often every contender takes its turn.")] = 5,
    only: Annotated[str, typer.Option(help="Run one contender here and print its images per second.")] = "",
) -> None:
    """Measure, print and write ``benchmarks/results/throughput.json``."""
    settings = config.load()
    if only:
        print(json.dumps(_measure(only, settings)))
        return
    if not paths.raw("cifar10").exists() or not paths.learning(PROBLEM).exists():
        raise errors.DataError("the data is not there: run `dvc repro prepare@cifar10` first.")
    runs: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for _ in range(rounds):
        for name in CONTENDERS:
            command = [sys.executable, "-m", "benchmarks.throughput", "--only", name]
            runs[name].append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    ratios = {
        "loader_batch64": _ratio(runs["all_workers"], runs["tutorial_loader"]),
        "workers": _ratio(runs["all_workers"], runs["one_worker"]),
    }
    described = environment.describe()
    files.write_json(
        RESULT,
        {
            "machine": {name: value for name, value in described.items() if name != "versions"},
            "versions": described["versions"],
            "batch_size": settings.problems[PROBLEM].batch_size,
            "runs": {name: [round(rate) for rate in rates] for name, rates in runs.items()},
            "ratios": ratios,
        },
    )
    for name, rates in runs.items():
        print(f"{name:16} {statistics.median(rates):8,.0f} images/s ({min(rates):,.0f} to {max(rates):,.0f})")
    for name, ratio in ratios.items():
        print(f"ratio {name:16} {ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})")


def _measure(name: str, settings: config.Settings) -> float:
    if name == "tutorial_loader":
        return tutorial_loader(settings.problems[PROBLEM].batch_size, settings.optimizer(OPTIMIZER).learning_rate)
    return project(settings, 1 if name == "one_worker" else settings.execution.worker_count())


def _ratio(above: list[float], below: list[float]) -> dict[str, Any]:
    ratios = [a / b for a, b in zip(above, below, strict=True)]
    return {
        "median": round(statistics.median(ratios), 2),
        "low": round(min(ratios), 2),
        "high": round(max(ratios), 2),
        "rounds": len(ratios),
    }


if __name__ == "__main__":
    with errors.one_message():
        typer.run(main)
