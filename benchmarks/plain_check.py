"""Does a plain PyTorch loop reach what the study reports? ``make plain-check``.

Three optimizers are trained on CIFAR-10 at the setting that most seeds of the study picked, by a loop as an engineer
would write it: a network of `torch.nn` with torch's own initialisation, `torch.optim`, `LambdaLR`, images indexed from
memory. Of the project's code it uses the settings and the results, but nothing that trains, reads or evaluates: a
mistake in those would show as a difference of the test accuracies (``results/runs.csv``). The seeds are independent
of the study's, so the interval of the difference is Welch's.

Writes ``benchmarks/results/plain_check.json``; optimizers that are in it already and are not asked for stay as they
are. Muon takes longest by far where the processor does not multiply bfloat16: the class of torch uses it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
import typer
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

from benchmarks import plain_loops
from pipeline.comparison import settings as comparison_settings
from pipeline.console.progress import progress
from pipeline.project import environment, errors, files, paths
from pipeline.results import tables
from pipeline.results.metrics import Metrics
from pipeline.settings import loading
from pipeline.settings.spaces import arguments_with
from pipeline.statistics.unpaired import welch_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.results.metrics import SettingRecord
    from pipeline.settings.study import OptimizerSettings, Settings

RESULT = Path("benchmarks/results/plain_check.json")
PROBLEM = "cifar10"
ROWS = "nesterov,adam,muon"
_TIMED_STEPS = 5


def main(
    optimizers: Annotated[str, typer.Option(help="Rows of params.yaml, with commas between.")] = ROWS,
    seeds: Annotated[int, typer.Option(min=2, help="How many seeds each; independent of the study's.")] = 10,
    result: Annotated[Path, typer.Option(help="Where to write.")] = RESULT,
) -> None:
    """Train, compare with ``results/runs.csv``, print and write ``benchmarks/results/plain_check.json``."""
    settings, metrics, runs = loading.load(), Metrics.read(), tables.RUNS.read()
    data = Data.read(settings.data_of(PROBLEM))
    rows = {name: plain_row(settings, metrics, name) for name in optimizers.split(",")}
    _announce(rows, data, seeds)
    margin = comparison_settings.load().margin("accuracy", PROBLEM)
    found: dict[str, Any] = files.read_json(result)["optimizers"] if result.exists() else {}
    with progress("plain check", seeds * len(rows), "trainings") as bar:
        for name, row in rows.items():
            plain = []
            for seed in range(seeds):
                plain.append(accuracy(row, data, seed))
                bar.advance(note=f"{name}: {plain[-1]:.1%}")
            own = runs[(runs["problem"] == PROBLEM) & (runs["optimizer"] == name)]["test_accuracy"]
            found[name] = {**row.described(), **compared(plain, own.tolist(), margin)}
            _write(result, rows[name], found)
            bar.say(_sentence(name, found[name]))


@dataclass(frozen=True)
class Data:
    """The examples, as numpy reads them: uint8 images (n, 3, 32, 32) and labels (n,), and the channels' statistics."""

    images: Tensor
    labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    mean: Tensor  # float32 (1, 3, 1, 1), of the training images
    std: Tensor

    @classmethod
    def read(cls, name: str) -> Data:
        """Read the prepared examples of a data set; they are normalised by statistics computed here."""
        images, labels = _arrays(paths.learning(name), "train")
        test_images, test_labels = _arrays(paths.test(name), "test")
        channels = images.transpose(0, 1).flatten(1).double()
        mean, std = (value.float().view(1, -1, 1, 1) for value in (channels.mean(dim=1), channels.std(dim=1)))
        return cls(images, labels, test_images, test_labels, mean, std)

    def normalised(self, images: Tensor) -> Tensor:
        """Return images as the network takes them, float32."""
        return (images.float() - self.mean) / self.std


def _arrays(folder: Path, part: str) -> tuple[Tensor, Tensor]:
    path = folder / f"{part}_inputs.npy"
    if not path.exists():
        raise errors.DataError(f"{path} is missing: run `dvc repro prepare@cifar10` first.")
    images = torch.from_numpy(np.load(path)).permute(0, 3, 1, 2).contiguous()
    return images, torch.from_numpy(np.load(folder / f"{part}_labels.npy"))


@dataclass(frozen=True)
class PlainRow:
    """An optimizer at one setting, and how it is trained."""

    row: OptimizerSettings
    setting: SettingRecord
    picked_by: int  # seeds of the study
    epochs: int
    batch_size: int

    def described(self) -> dict[str, Any]:
        """Return the setting for the result."""
        return {
            "learning_rate": self.setting.learning_rate,
            "arguments": self.setting.arguments,
            "picked_by_seeds": self.picked_by,
        }


def usual_setting(metrics: Metrics, problem: str, optimizer: str) -> tuple[SettingRecord, int]:
    """Return the setting that most seeds picked (of equals the better one in the search), and how many did."""
    found = metrics.problems.get(problem, {}).get(optimizer)
    if found is None:
        known = ", ".join(metrics.problems.get(problem, {})) or "none"
        raise errors.UserError(f"results/metrics.json has no {optimizer!r} on {problem}: it has {known}.")
    search = found.search
    return search.usual_setting, search.picked.count(search.most_picked)


def plain_row(settings: Settings, metrics: Metrics, optimizer: str) -> PlainRow:
    """Return what a plain loop needs to know of a row."""
    row, problem = settings.optimizer(optimizer), settings.problems[PROBLEM]
    own = [row.class_name, *([row.rest.class_name] if row.rest else [])]
    foreign = [name for name in own if not hasattr(torch.optim, name)]
    if foreign:
        raise errors.UserError(
            f"optimizers.{optimizer}: the plain loop knows classes of torch.optim, not {foreign[0]}."
        )
    if problem.schedule != "linear" or problem.warmup_fraction:
        raise errors.UserError(f"problems.{PROBLEM}: the plain loop knows schedule linear without a warm-up alone.")
    return PlainRow(row, *usual_setting(metrics, PROBLEM, optimizer), problem.epochs, problem.batch_size)


class _Optimizers:
    """The optimizers of one network, and the linear decay of their learning rate to 0."""

    def __init__(self, row: PlainRow, model: nn.Module, steps: int) -> None:
        rate, kept = row.setting.learning_rate, row.row
        arguments = arguments_with(kept.arguments, row.setting.arguments)
        everything = list(model.parameters())
        self._kernels: list[tuple[nn.Parameter, nn.Parameter]] = []
        if kept.rest is None:
            self._all = [_torchs(kept.class_name, everything, rate, arguments)]
        else:
            weights = [parameter for parameter in everything if parameter.dim() > 1]
            hidden = weights[1:-1]
            rest = [parameter for parameter in everything if not any(parameter is one for one in hidden)]
            matrices = [self._as_matrix(parameter) for parameter in hidden]
            self._all = [
                _torchs(kept.class_name, matrices, rate, arguments),
                _torchs(kept.rest.class_name, rest, rate, kept.rest.arguments),
            ]
        decay = [torch.optim.lr_scheduler.LambdaLR(one, lambda step: 1 - step / steps) for one in self._all]
        self._decay = decay

    def _as_matrix(self, parameter: nn.Parameter) -> nn.Parameter:
        """Return a kernel as a matrix that shares its memory: torch's Muon takes nothing else."""
        if parameter.dim() == 2:
            return parameter
        matrix = nn.Parameter(parameter.detach().flatten(1))
        self._kernels.append((parameter, matrix))
        return matrix

    def step(self, loss: Tensor) -> None:
        for optimizer in self._all:
            optimizer.zero_grad()
        for kernel, _ in self._kernels:
            kernel.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        for kernel, matrix in self._kernels:
            assert kernel.grad is not None
            matrix.grad = kernel.grad.flatten(1)
        for optimizer in self._all:
            optimizer.step()
        for scheduler in self._decay:
            scheduler.step()


def _torchs(
    name: str, parameters: Iterable[nn.Parameter], rate: float, arguments: Mapping[str, Any]
) -> torch.optim.Optimizer:
    # YAML writes a tuple as a list
    options = {key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()}
    optimizer: torch.optim.Optimizer = getattr(torch.optim, name)(parameters, lr=rate, **options)
    return optimizer


def accuracy(row: PlainRow, data: Data, seed: int) -> float:
    """Train a network and return its test accuracy (fraction)."""
    model = _trained(row, data, seed)
    right = 0
    with torch.inference_mode():
        for images, labels in zip(torch.split(data.test_images, 250), torch.split(data.test_labels, 250), strict=True):
            right += int((model(data.normalised(images)).argmax(dim=1) == labels).sum())
    return right / len(data.test_labels)


def _trained(row: PlainRow, data: Data, seed: int, most: int | None = None) -> nn.Module:
    """Train a network, on whole batches alone as the study does; stop after so many steps if `most` is given."""
    torch.manual_seed(seed)  # noqa: TID251 - a loop of its own, that shares nothing with pipeline.training.train
    model = plain_loops.network()
    whole = len(data.labels) // row.batch_size * row.batch_size
    optimizers = _Optimizers(row, model, row.epochs * whole // row.batch_size)
    for _ in range(row.epochs):
        batches = torch.split(torch.randperm(len(data.labels))[:whole], row.batch_size)
        for rows in batches[:most]:
            optimizers.step(F.cross_entropy(model(data.normalised(data.images[rows])), data.labels[rows]))
        if most is not None:
            break
    return model


def _announce(rows: Mapping[str, PlainRow], data: Data, seeds: int) -> None:
    """Say what is trained, and how long it will take here."""
    print(
        f"A plain PyTorch loop, with {torch.get_num_threads()} threads, on {PROBLEM}; {seeds} seeds each:", flush=True
    )
    whole = 0.0
    for name, row in rows.items():
        steps = row.epochs * (len(data.labels) // row.batch_size)
        minutes = seeds * steps * _seconds_per_step(row, data) / 60
        whole += minutes
        others = "".join(f", {key} {value:g}" for key, value in row.setting.arguments.items())
        setting = f"learning rate {row.setting.learning_rate:g}{others} (picked by {row.picked_by} seeds of the study)"
        print(f"  {name}: {setting}, {steps:,} steps a training, about {minutes:.1f} minutes in all", flush=True)
    print(f"About {whole:.0f} minutes in all.", flush=True)


def _seconds_per_step(row: PlainRow, data: Data) -> float:
    _trained(row, data, 0, most=1)
    start = time.perf_counter()
    _trained(row, data, 0, most=_TIMED_STEPS)
    return (time.perf_counter() - start) / _TIMED_STEPS


def compared(plain: list[float], project: list[float], margin: float) -> dict[str, Any]:
    """Return both means, and plain − project with its 95 % interval, all as fractions; and how it stands to the margin.

    The interval can lie within the margin (they agree), beyond it (they do not), or across it (too few seeds to say).
    """
    found = welch_interval(plain, project)
    inside = found.low is not None and found.high is not None and max(-found.low, found.high) <= margin
    beyond = found.low is not None and found.high is not None and max(found.low, -found.high) > margin
    return {
        "plain": {"mean": float(np.mean(plain)), "seeds": plain},
        "project": {"mean": float(np.mean(project)), "seeds": project},
        "difference": {"mean": found.estimate, "low": found.low, "high": found.high},
        "margin": margin,
        "difference_within_margin": abs(found.estimate) <= margin,
        "interval": "within the margin" if inside else "beyond the margin" if beyond else "across the margin",
    }


def _write(result: Path, row: PlainRow, found: dict[str, Any]) -> None:
    described = environment.describe()
    content = {
        "machine": {name: value for name, value in described.items() if name != "versions"},
        "versions": described["versions"],
        "threads": torch.get_num_threads(),
        "problem": PROBLEM,
        "epochs": row.epochs,
        "batch_size": row.batch_size,
        "optimizers": found,
    }
    files.write_json(result, content)


def _sentence(name: str, found: dict[str, Any]) -> str:
    difference = found["difference"]
    bounds = [difference[end] for end in ("low", "high")]
    interval = "" if None in bounds else f" ({100 * bounds[0]:+.2f} to {100 * bounds[1]:+.2f})"
    return (
        f"{name}: {found['plain']['mean']:.2%} plain, {found['project']['mean']:.2%} in the study; "
        f"{100 * difference['mean']:+.2f} points{interval}, {found['interval']} of {100 * found['margin']:g}"
    )


if __name__ == "__main__":
    with errors.one_message():
        typer.run(main)
