"""What a step of each optimizer costs on each problem: its time against plain SGD's, and the bytes of state it keeps.

All optimizers of a problem take turns, in rounds, in one process of one thread; ratios within a round cancel what
slows the machine. Problems of the same network, examples and batch size are one measurement.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from pipeline.prepared import reader
from pipeline.project import environment, paths
from pipeline.project.files import canonical
from pipeline.project.numbers import rounded, significant
from pipeline.results.cost import Cost, Ratio, StepCost, StepTime
from pipeline.running import key, memo
from pipeline.running.planning import central_setting, optimizer_row, with_searched
from pipeline.running.refusals import in_words
from pipeline.training import determinism, networks, optimizers
from pipeline.training.losses import loss
from pipeline.training.record import OptimizerRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from torch import Tensor, nn

    from pipeline.prepared.reader import Task
    from pipeline.settings.study import OptimizerSettings, Settings
    from pipeline.training.optimizers import Stepper
    from pipeline.training.record import Convolution

ROUNDS = 31
STEPS = 10
_WARM_UP_STEPS = 5
_BATCHES = 4
_SEED = 0
# Not the row `sgd`, which may be edited or missing. Where it is there, it is timed like any other: how far
# its ratio is from 1 shows what such a measurement can tell apart.
_BASELINE = (OptimizerRow("SGD"), 0.01)


@dataclass(frozen=True)
class TimingTask:
    """What is to be timed."""

    network: str
    shape: tuple[int, ...]  # of one input, as `pipeline.prepared.reader.Description` has it
    classes: int  # or words, or targets
    batch_size: int
    # by optimizer: its row and its learning rate
    rows: Mapping[str, tuple[OptimizerRow, float]] = field(default_factory=dict, hash=False)
    convolution: Convolution = "compiled"
    rounds: int = ROUNDS  # how often each optimizer's turn comes
    steps: int = STEPS  # of a turn
    task: Task = "classification"
    dtype: str = "uint8"  # of the stored inputs
    problems: tuple[str, ...] = ()  # which it stands for
    # by optimizer: what decides the time of its step, without the values that a search varies
    identities: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Timing:
    """How long the steps of one optimizer took."""

    steps: np.ndarray  # seconds of a whole training step: the mean of each round, float64 (rounds,)
    optimizer_steps: np.ndarray  # of the update alone
    state_bytes_per_parameter: float  # kept between steps


@dataclass(frozen=True)
class Measurement:
    """The timings of all optimizers of a task, and of plain SGD beside them."""

    baseline: Timing
    optimizers: dict[str, Timing]


def timing_tasks(settings: Settings) -> list[TimingTask]:
    """Return what stage ``cost`` times: the study's problems, those of equal steps in one task.

    With all optimizers that take part, in the middle of what their searches vary: how long a step takes does not depend
    on it.
    """
    different: dict[TimingTask, list[str]] = {}
    for name in settings.study:
        different.setdefault(_bare_task(settings, name), []).append(name)
    return [
        replace(task, problems=tuple(names), rows=_rows(settings, names), identities=_identities(settings, names))
        for task, names in different.items()
    ]


def _bare_task(settings: Settings, name: str) -> TimingTask:
    problem = settings.problems[name]
    description = reader.describe(paths.learning(settings.data_of(name)))
    return TimingTask(
        network=problem.network,
        shape=description.shape,
        classes=description.outputs,
        batch_size=problem.batch_size,
        convolution=settings.convolution,
        task=description.task,
        dtype=description.dtype,
    )


def _rows(settings: Settings, problems: Iterable[str]) -> dict[str, tuple[OptimizerRow, float]]:
    return {name: _central(name, row) for name, row in _taking_part(settings, problems)}


def _identities(settings: Settings, problems: Iterable[str]) -> dict[str, str]:
    return {
        name: _hash([name, asdict(optimizer_row(row, f"optimizers.{name}")), sorted(row.search)])
        for name, row in _taking_part(settings, problems)
    }


def _taking_part(settings: Settings, problems: Iterable[str]) -> list[tuple[str, OptimizerSettings]]:
    names = {optimizer for problem in problems for optimizer in settings.roster(problem)}
    return [(name, row) for name, row in settings.optimizers.items() if name in names]


def _hash(value: object) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:32]


def _central(name: str, row: OptimizerSettings) -> tuple[OptimizerRow, float]:
    setting = central_setting(row)
    return with_searched(optimizer_row(row, f"optimizers.{name}"), setting), setting.learning_rate


@in_words()
def measure(task: TimingTask) -> Measurement:
    """Time all optimizers in rounds, each round in an order of its own.

    Inputs and labels are random: what they hold does not change how long a step takes.
    """
    determinism.enforce()
    generator = torch.Generator().manual_seed(_SEED)
    batches = [_random_batch(task, generator) for _ in range(_BATCHES)]
    entrants = [("", _BASELINE), *task.rows.items()]
    runs = [_Run(task, name, row, rate) for name, (row, rate) in entrants]
    for run in runs:
        run.take(_WARM_UP_STEPS, batches)
    order = np.random.default_rng(_SEED)
    times = np.empty((len(runs), task.rounds, 2))
    for number in range(task.rounds):
        for place in order.permutation(len(runs)):
            times[place, number] = runs[place].take(task.steps, batches)
    timings = [
        Timing(own[:, 0], own[:, 1], state_bytes(run.stepper) / run.stepper.values.numel())
        for run, own in zip(runs, times, strict=True)
    ]
    return Measurement(timings[0], dict(zip(task.rows, timings[1:], strict=True)))


def untimed(folder: Path, task: TimingTask) -> TimingTask:
    """Return a task with the optimizers alone that were not timed on this machine yet, by this code and in this way.

    Timings are kept in `folder`, so that an experiment with another setting, or one more optimizer, leaves the times of
    all others as they are: a verdict that rests on them changes with what was changed, and not by chance.
    """
    known = _kept(folder, task)
    return replace(task, rows={name: row for name, row in task.rows.items() if task.identities[name] not in known})


def completed(folder: Path, task: TimingTask, measured: Measurement | None) -> Measurement:
    """Keep the timings of what was `untimed` (None if nothing was); return those of the whole task.

    New ones are put in relation to the SGD that was timed first: all that is compared are ratios to it.
    """
    kept = _kept(folder, task)
    if measured:
        scale = kept[""].steps / measured.baseline.steps if kept else 1.0
        kept.setdefault("", measured.baseline)
        for name, timing in measured.optimizers.items():
            kept[task.identities[name]] = replace(
                timing, steps=timing.steps * scale, optimizer_steps=timing.optimizer_steps * scale
            )
        memo.keep_tensors(folder, _key(task), {one: _packed(timing) for one, timing in kept.items()})
    return Measurement(kept[""], {name: kept[task.identities[name]] for name in task.rows})


def _kept(folder: Path, task: TimingTask) -> dict[str, Timing]:
    """Return the timings of a task by the optimizers' identities; plain SGD's has none."""
    tensors = memo.recall_tensors(folder, _key(task)) or {}
    return {name: Timing(values[0], values[1], float(values[2, 0])) for name, values in tensors.items()}


def _packed(timing: Timing) -> np.ndarray:
    state = np.full_like(timing.steps, timing.state_bytes_per_parameter)
    return np.stack([timing.steps, timing.optimizer_steps, state])


def _key(task: TimingTask) -> str:
    bare = asdict(replace(task, rows={}, identities={}, problems=()))
    code = [key.code_fingerprint("cost.py"), key.network_fingerprint(task.network)]
    return _hash([bare, *code, environment.processor()])


def state_bytes(stepper: Stepper) -> int:
    """Return the bytes of all tensors that the optimizers keep between steps, gradients not counted."""
    return stepper.state_bytes()


def relative(main: Measurement, by_problem: Mapping[str, Measurement]) -> Cost:
    """Put timings in relation to plain SGD's of the same round; intervals are 95 % of the median over rounds.

    Parameters
    ----------
    main
        Of the main problem, which has all the details.
    """
    baseline = main.baseline
    return Cost(
        optimizers={
            name: StepCost(
                step_ratio=_median_interval(timing.steps / baseline.steps),
                optimizer_ratio=_median_interval(timing.optimizer_steps / baseline.optimizer_steps),
                microseconds_per_step=significant(np.median(timing.steps) * 1e6),
                microseconds_optimizer=significant(np.median(timing.optimizer_steps) * 1e6),
                state_bytes_per_parameter=significant(timing.state_bytes_per_parameter),
                rounds=tuple(significant(ratio) for ratio in timing.steps / baseline.steps),
            )
            for name, timing in main.optimizers.items()
        },
        time_per_step={problem: _step_times(measured) for problem, measured in by_problem.items()},
    )


def _step_times(measured: Measurement) -> dict[str, StepTime]:
    """Return the time of a step: plain SGD's, times the ratio, so that optimizers differ by their ratios alone."""
    usual = float(np.median(measured.baseline.steps)) * 1e6
    ratios = {name: timing.steps / measured.baseline.steps for name, timing in measured.optimizers.items()}
    return {
        name: StepTime(microseconds=rounded(usual * float(np.median(own)), 6), ratio=_median_interval(own))
        for name, own in ratios.items()
    }


def step_ratio(one: Timing, other: Timing) -> Ratio:
    """Return the time of a whole step of `one` over that of `other` in the same round, both of one `measure`."""
    return _median_interval(one.steps / other.steps)


class _Run:
    """One optimizer at work on a network of its own."""

    def __init__(self, task: TimingTask, name: str, row: OptimizerRow, rate: float) -> None:
        with torch.random.fork_rng(devices=[]):
            self._network: nn.Module = networks.build(task.network, task.shape, task.classes, task.convolution)
        self.stepper = optimizers.build(name, row, rate, self._network)
        self._task = task.task

    def take(self, steps: int, batches: Sequence[tuple[Tensor, Tensor]]) -> tuple[float, float]:
        """Take steps; return the mean seconds of a whole step and of the update in it."""
        updates = 0.0
        start = time.perf_counter()
        for step in range(steps):
            inputs, labels = batches[step % len(batches)]
            found = loss(self._task, self._network(inputs), labels)
            self.stepper.zero_grad()
            found.backward()  # type: ignore[no-untyped-call]
            before = time.perf_counter()
            self.stepper.step()
            updates += time.perf_counter() - before
        return (time.perf_counter() - start) / steps, updates / steps


def _random_batch(task: TimingTask, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    if task.task == "next_token":
        tokens = torch.randint(task.classes, (task.batch_size, task.shape[0] + 1), generator=generator)
        return tokens[:, :-1], tokens[:, 1:]
    inputs = torch.randn(task.batch_size, *task.shape, generator=generator)
    if task.dtype == "uint8":
        inputs = inputs.permute(0, 3, 1, 2)
    if task.task == "regression":
        return inputs, torch.randn(task.batch_size, task.classes, generator=generator)
    return inputs, torch.randint(task.classes, (task.batch_size,), generator=generator)


def _median_interval(values: np.ndarray) -> Ratio:
    """Return the median with the bounds of its order statistics (Conover 1999, sec. 3.2); None with too few rounds."""
    from scipy import stats

    interval = stats.quantile_test(values, p=0.5).confidence_interval(0.95)
    return Ratio(median=significant(np.median(values)), low=significant(interval.low), high=significant(interval.high))
