"""Before anything is trained: whether an optimizer keeps its promises, and how long its steps take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.commands.compare.compared import Checked
from pipeline.project.errors import UserError
from pipeline.running import pool, rows
from pipeline.running.planning import central_setting, optimizer_row, with_searched

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.commands.compare.entrants import Entrant
    from pipeline.commands.compare.work import Work
    from pipeline.cost import Measurement, TimingTask
    from pipeline.results.cost import Ratio
    from pipeline.settings.study import Settings

# Fewer than stage ``cost`` takes: enough for an interval of the median, in a second or two
_ROUNDS, _STEPS = 21, 5


def check(study: Settings, newcomer: Entrant, say: Callable[[str], None]) -> tuple[Checked, ...]:
    """Check the rows, and what the newcomer promises, in a process of its own.

    Raises
    ------
    UserError
        If a row is refused, or the newcomer does not step, or not twice in the same way.
    """
    findings: list[Checked] = []
    label = newcomer.row.label
    pool.parallel(_check_here, [(study, newcomer)], 1, lambda _, found: findings.extend(found), lambda _: label)
    failed = [finding for finding in findings if not finding.ok]
    for finding in failed:
        if finding.indispensable:
            raise UserError(f"{label} cannot be compared. {finding.sentence}")
        say(f"Warning: {finding.sentence}")
    if not failed:
        say(f"{label} passed all {len(findings)} checks of what an optimizer promises.")
    return tuple(findings)


def _check_here(task: tuple[Settings, Entrant]) -> list[Checked]:
    from pipeline.running import contract

    study, newcomer = task
    setting = central_setting(newcomer.row)
    found = contract.check(with_searched(optimizer_row(newcomer.row), setting), setting.learning_rate)
    if found.can_take_part:
        rows.check_here(study)
    return [Checked(one.name, one.ok, one.sentence, one.name in contract.INDISPENSABLE) for one in found.findings]


@dataclass(frozen=True)
class StepTimes:
    """How long the training steps of both optimizers take, and the state that they keep."""

    measurement: Measurement
    ratio: Ratio  # of the newcomer's step to the baseline's

    def microseconds(self, optimizer: str) -> float:
        """Return the median time of a whole training step."""
        import numpy as np

        return float(np.median(self.measurement.optimizers[optimizer].steps)) * 1e6

    def state_bytes(self, optimizer: str) -> float:
        """Return the bytes of state per parameter."""
        return self.measurement.optimizers[optimizer].state_bytes_per_parameter


def time_steps(jobs: Work) -> StepTimes:
    """Time both optimizers in turn, alone, in a process of the pool, as stage ``cost`` does."""
    from dataclasses import replace

    from pipeline import cost

    only = {jobs.problem: jobs.settings.problems[jobs.problem]}
    (task,) = cost.timing_tasks(jobs.settings.model_copy(update={"problems": only}))
    found: list[Measurement] = []

    def keep(_: TimingTask, measurement: Measurement) -> None:
        found.append(measurement)

    pool.parallel(
        cost.measure, [replace(task, rounds=_ROUNDS, steps=_STEPS)], 1, keep, lambda _: "the timing of a step"
    )
    newcomer, baseline = (found[0].optimizers[name] for name in jobs.settings.optimizers)
    return StepTimes(found[0], cost.step_ratio(newcomer, baseline))
