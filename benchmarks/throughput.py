"""Training images per second of this project beside plain PyTorch loops: ``make bench``.

Same network, optimizer (Adam) and images. Every contender is a process of its own with the machine to itself; they take
turns, and a ratio is computed within a round. Imports, start-up and a warm-up (steps; for the project an epoch in every
worker) are timed for none of them. The project's time is that of its real trainings, validation included, from the
first worker's start to the last one's end. Takes about eight minutes; ``--accuracy`` adds what the loops reach. Each
processor has a file of its own.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.training.record import Outcome, Training

from pipeline.prepared import reader
from pipeline.project import environment, errors, files, paths
from pipeline.running import refusals
from pipeline.running import settings as execution_settings
from pipeline.running.outputs import Setting
from pipeline.running.planning import plan
from pipeline.running.trainings import run
from pipeline.settings import loading, study

RESULTS = Path("benchmarks/results")
PROBLEM, OPTIMIZER = "cifar10", "adam"
CONTENDERS = (
    *("tutorial_batch4", "loader_batch64", "loader_batch128", "tensors_in_loader", "tensors_indexed"),
    *("one_worker", "all_workers", "matrix_products"),
)
PLAIN_BEST = ("tensors_in_loader", "tensors_indexed")
WITH_ACCURACY = ("loader_batch64", "loader_batch128", *PLAIN_BEST, "all_workers")


def project(settings: study.Settings, workers: int, epochs: int) -> float:
    """Return the images per second of this project's trainings, side by side in its pool."""
    warm_ups = [_training(settings, seed, epochs=1) for seed in range(workers)]
    timed = [_training(settings, workers + seed, epochs=epochs) for seed in range(workers)]
    outcomes = _run([*warm_ups, *timed], workers)[workers:]
    return sum(outcome.last.images for outcome in outcomes) / max(outcome.seconds for outcome in outcomes)


def project_accuracies(settings: study.Settings, seeds: int) -> list[float]:
    """Return the test accuracy (fraction) of the project's trainings, one per seed."""
    import torch

    from pipeline.training import losses, networks, train
    from pipeline.training.batches import Batches

    description = reader.describe(paths.learning(PROBLEM))
    test = Batches(reader.open_part(paths.test(PROBLEM), "test"), description, 250)
    epochs = settings.problems[PROBLEM].epochs
    trainings = [_training(settings, seed, epochs) for seed in range(1, seeds + 1)]
    accuracies = []
    for outcome in _run(trainings, execution_settings.load().worker_count()):
        network = networks.build(outcome.training.network, description.shape, len(description.classes))
        network.load_state_dict({name: torch.from_numpy(values) for name, values in (outcome.weights or {}).items()})
        right = losses.predicted(train.logits(network, test)) == test.labels
        accuracies.append(right.double().mean().item())
    return accuracies


def _training(settings: study.Settings, seed: int, epochs: int) -> Training:
    rate = settings.optimizer(OPTIMIZER).centre
    digest = reader.describe(paths.learning(PROBLEM)).digest
    asked = plan("train", settings, OPTIMIZER, PROBLEM, setting=Setting(rate), seed=seed, data=digest)
    # plain loops look at no validation images; one look per epoch is the least that a training can have
    return replace(asked, validations_per_epoch=1, epochs=epochs)


def _run(trainings: list[Training], workers: int) -> list[Outcome]:
    with tempfile.TemporaryDirectory() as memo:
        return run(trainings, paths.learning, workers, Path(memo))


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often every contender takes its turn.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Of timed training in a plain loop.")] = 7,
    epochs: Annotated[int, typer.Option(min=1, help="Of timed training in the project.")] = 3,
    accuracy: Annotated[bool, typer.Option("--accuracy", help="Measure test accuracies instead of speed.")] = False,
    seeds: Annotated[int, typer.Option(min=1, help="Of the accuracies.")] = 5,
    only: Annotated[str, typer.Option(help="Run one contender here and print its figure.")] = "",
    result: Annotated[Path | None, typer.Option(help="Where to write; named by the processor unless given.")] = None,
) -> None:
    """Measure, print and write ``benchmarks/results/throughput-<processor>.json``."""
    settings, result = loading.load(), result or of_processor(environment.processor())
    if not paths.raw("cifar10").exists() or not paths.learning(PROBLEM).exists():
        raise errors.DataError("the data is not there: run `dvc repro prepare@cifar10` first.")
    if only:
        if only not in CONTENDERS:
            raise errors.UserError(f"there is no contender {only!r}: one of {', '.join(CONTENDERS)}.")
        value = _accuracies(only, settings, seeds) if accuracy else _rate(only, settings, seconds, epochs)
        print(json.dumps(value))
        return
    if accuracy:
        _compare_accuracies(settings, seeds, result)
    else:
        _compare_rates(settings, rounds, seconds, epochs, result)


def of_processor(name: str) -> Path:
    """Return the path of a processor's figures."""
    return RESULTS / f"throughput-{'-'.join(re.findall('[a-z0-9]+', name.lower()))}.json"


def _compare_rates(settings: study.Settings, rounds: int, seconds: float, epochs: int, result: Path) -> None:
    runs: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for _ in range(rounds):
        for name in CONTENDERS:
            runs[name].append(_child(name, f"--seconds={seconds}", f"--epochs={epochs}"))
            print(f"{name:18} {runs[name][-1]:9,.0f} images/s", flush=True)
    ratios = _ratios(runs)
    _add(
        result,
        {
            "optimizer": OPTIMIZER,
            "batch_size": settings.problems[PROBLEM].batch_size,
            "runs": {name: [round(rate) for rate in rates] for name, rates in runs.items()},
            "ratios": ratios,
        },
    )
    print(f"\nimages per second, median of {rounds} rounds (lowest to highest)")
    for name, rates in runs.items():
        print(f"{name:18} {statistics.median(rates):9,.0f} ({min(rates):,.0f} to {max(rates):,.0f})")
    print("\nthis project's images per second, divided by those of …")
    for name, ratio in ratios.items():
        print(f"{name:18} {ratio['median']:9.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})")


def _compare_accuracies(settings: study.Settings, seeds: int, result: Path) -> None:
    found = {name: _child(name, "--accuracy", f"--seeds={seeds}") for name in WITH_ACCURACY}
    _add(result, {"accuracies": {"epochs": settings.problems[PROBLEM].epochs, "test": found}})
    print(f"test accuracy, mean of {seeds} seeds (lowest to highest)")
    for name, values in found.items():
        print(f"{name:18} {statistics.mean(values):.1%} ({min(values):.1%} to {max(values):.1%})")


def _child(name: str, *options: str) -> Any:
    command = [sys.executable, "-m", "benchmarks.throughput", "--only", name, *options]
    # errors and warnings of the contender go straight to the terminal
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def _rate(name: str, settings: study.Settings, seconds: float, epochs: int) -> float:
    workers = execution_settings.load().worker_count()
    if name in ("one_worker", "all_workers"):
        return project(settings, 1 if name == "one_worker" else workers, epochs)
    if name == "matrix_products":
        from benchmarks import matrix_products

        return matrix_products.rate(settings.problems[PROBLEM].batch_size, workers, min(seconds, 3))
    from benchmarks import plain_loops

    return plain_loops.rate(_source(name, settings)(), settings.optimizer(OPTIMIZER).centre, seconds)


def _accuracies(name: str, settings: study.Settings, seeds: int) -> list[float]:
    if name == "all_workers":
        return project_accuracies(settings, seeds)
    from benchmarks import plain_loops

    source, rate = _source(name, settings)(), settings.optimizer(OPTIMIZER).centre
    epochs = settings.problems[PROBLEM].epochs
    return [plain_loops.accuracy(source, rate, epochs, seed) for seed in range(1, seeds + 1)]


def _source(name: str, settings: study.Settings) -> Callable[[], Any]:
    from benchmarks import plain_loops

    batch_size = settings.problems[PROBLEM].batch_size
    return {
        "tutorial_batch4": lambda: plain_loops.tutorial(4, settings),
        "loader_batch64": lambda: plain_loops.tutorial(64, settings),
        "loader_batch128": lambda: plain_loops.tutorial(128, settings),
        "tensors_in_loader": lambda: plain_loops.tensors_in_loader(batch_size, settings),
        "tensors_indexed": lambda: plain_loops.tensors_indexed(batch_size, settings),
    }[name]


def _ratios(runs: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Divide the rate of all workers by each other rate of the same round."""
    best_plain = [max(rates) for rates in zip(*(runs[name] for name in PLAIN_BEST), strict=True)]
    others = {
        **{name: runs[name] for name in ("tutorial_batch4", "loader_batch64", "loader_batch128")},
        "best_plain": best_plain,
        "workers": runs["one_worker"],
        "gemm_floor": runs["matrix_products"],
    }
    return {name: _ratio(runs["all_workers"], rates) for name, rates in others.items()}


def _ratio(above: list[float], below: list[float]) -> dict[str, float]:
    ratios = [a / b for a, b in zip(above, below, strict=True)]
    return {
        "median": round(statistics.median(ratios), 3),
        "low": round(min(ratios), 3),
        "high": round(max(ratios), 3),
        "rounds": len(ratios),
    }


def _add(path: Path, measured: dict[str, Any]) -> None:
    """Write what was measured, beside what the other half of this benchmark wrote earlier."""
    described = environment.describe()
    earlier = files.read_json(path) if path.exists() else {}
    versions = described.pop("versions")
    files.write_json(path, {**earlier, "machine": described, "versions": versions, **measured})


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
