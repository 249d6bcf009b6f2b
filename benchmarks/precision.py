"""What bfloat16 brings, by network: ``python -m benchmarks.precision``.

One epoch of CIFAR-10 in one worker, float32 and bfloat16 in turn; a ratio is computed within a round. The machine
should do nothing else. Takes about three minutes.
"""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.prepared import reader
from pipeline.project import environment, errors, files, paths
from pipeline.running import hardware, refusals, trainings
from pipeline.running.outputs import Setting
from pipeline.running.planning import plan
from pipeline.settings import loading, study

if TYPE_CHECKING:
    from pipeline.training.record import Outcome, Precision, Training

RESULT = Path("benchmarks/results/precision.json")
PROBLEM, OPTIMIZER = "cifar10", "adam"
NETWORKS = ("linear", "digits_cnn", "assignment_cnn", "wide_cnn")
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often every precision takes its turn.")] = 5,
    result: Annotated[Path, typer.Option(help="Where to write.")] = RESULT,
) -> None:
    """Measure, print and write ``benchmarks/results/precision.json``."""
    if not paths.learning(PROBLEM).exists():
        raise errors.DataError("the data is not there: run `dvc repro prepare@cifar10` first.")
    settings = loading.load()
    networks = {network: _compare(settings, network, rounds) for network in NETWORKS}
    described = environment.describe()
    versions = described.pop("versions")
    has_fast = hardware.has_fast_bfloat16("cpu")
    files.write_json(
        result, {"machine": {**described, "bfloat16": has_fast}, "versions": versions, "networks": networks}
    )
    for network, found in networks.items():
        rates = ", ".join(f"{name} {statistics.median(found[name]):,.0f} images/s" for name in PRECISIONS)
        ratios = found["ratios"]
        print(f"{network}: {rates}; {statistics.median(ratios):.2f} times ({min(ratios):.2f} to {max(ratios):.2f})")


def _compare(settings: study.Settings, network: str, rounds: int) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {name: [] for name in PRECISIONS}
    for seed in range(1, rounds + 1):
        for outcome in _run(settings, network, seed):
            rates[outcome.training.precision].append(round(outcome.last.images / outcome.seconds))
    pairs = zip(rates["bfloat16"], rates["float32"], strict=True)
    return {**rates, "ratios": [round(reduced / full, 3) for reduced, full in pairs]}


def _run(settings: study.Settings, network: str, seed: int) -> list[Outcome]:
    """Train once in every precision, one after another in one worker, after an epoch that counts for nothing."""
    rate = settings.optimizer(OPTIMIZER).centre
    digest = reader.describe(paths.learning(PROBLEM)).digest
    asked = plan("train", settings, OPTIMIZER, PROBLEM, setting=Setting(rate), seed=seed, data=digest)
    asked = replace(asked, network=network, epochs=1, validations_per_epoch=1)
    warm_up = replace(asked, seed=0)
    timed: list[Training] = [replace(asked, precision=precision) for precision in PRECISIONS]
    with tempfile.TemporaryDirectory() as memo:
        return trainings.run([warm_up, *timed], paths.learning, 1, Path(memo))[1:]


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
