"""What a large study costs on many cores, by simulation: ``python -m benchmarks.scaling``.

Trainings take as long as those measured (``python -m benchmarks.scaling --measure`` reads the memo and writes
``benchmarks/results/seconds.json``), drawn with replacement, problem by problem, with a fixed seed. Every core takes
the next training of a list, the longest problem first, as the pools do.

Assumptions
-----------
- A training takes as long beside others as it did when it was measured, and all cores are equally fast.
- A search tries as many learning rates as asked for and is not widened. A trial has one seed; a final training is at
  the best rate (the study itself trains its best settings again).
- "stages" is the pipeline as it is: each optimizer's tuning, then each optimizer's final trainings, one stage after
  another, each waiting for its last training. "one pool" is all tunings in one list, then all final trainings.
- A training costs the overhead measured by ``python -m benchmarks.overhead`` on top, and a stage the pool's start.
- Every finished training goes into the memo of the asking machine, one by one (``python -m benchmarks.bookkeeping``):
  no list can end before all of its trainings have.
- "every rate" trains every learning rate with every seed: optimizers × rates × seeds × problems.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from pipeline.project import errors, files, paths
from pipeline.running import refusals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SECONDS = Path("benchmarks/results/seconds.json")
BOOKKEEPING = Path("benchmarks/results/bookkeeping.json")
OVERHEAD = Path("benchmarks/results/overhead.json")
RESULT = Path("benchmarks/results/scaling.json")
OPTIMIZERS, RATES, SEEDS = 100, 50, 30
PROBLEMS = 5  # those of the longest trainings
CORES = (2, 64, 4096)


def measured(memo: Path) -> dict[str, list[float]]:
    """Return the seconds of every training in a memo, by problem."""
    found: dict[str, list[float]] = defaultdict(list)
    for path in sorted(memo.rglob("*.safetensors")):
        # other finished work lies there as well
        if (record := files.read_metadata(path).get("outcome")) is None:
            continue
        content = json.loads(record)
        found[content["record"]["problem"]].append(round(content["seconds"], 3))
    return {problem: sorted(seconds) for problem, seconds in sorted(found.items())}


def longest(seconds: dict[str, list[float]]) -> list[str]:
    """Return the problems that are simulated, the longest first."""
    return sorted(seconds, key=lambda problem: -float(np.mean(seconds[problem])))[:PROBLEMS]


def makespan(durations: Iterable[float], cores: int) -> float:
    """Return the seconds until the last task of a list ends, each taken by the first core that is free."""
    free = [0.0] * cores
    for duration in durations:
        heapq.heapreplace(free, free[0] + duration)
    return max(free)


def simulate(
    seconds: dict[str, list[float]], engine: dict[str, Any], cores: int, bookkeeping: float
) -> dict[str, dict[str, float]]:
    """Return hours and the share of the cores at work, by plan and granularity."""
    draw = _Draw(seconds, engine["overhead"]["median"])
    start = engine["start"]["median"]
    searches = [draw(RATES) for _ in range(OPTIMIZERS)]
    finals = [draw(SEEDS) for _ in range(OPTIMIZERS)]
    grids = [draw(RATES * SEEDS) for _ in range(OPTIMIZERS)]
    plans: dict[str, list[list[list[float]]]] = {"tuned": [searches, finals], "every rate": [grids]}
    found = {}
    for name, phases in plans.items():
        stages = [stage for phase in phases for stage in phase]
        pools = [_merged(phase) for phase in phases]
        for granularity, lists in (("stages", stages), ("one pool", pools)):
            wall = sum(start + max(makespan(durations, cores), bookkeeping * len(durations)) for durations in lists)
            work = sum(sum(durations) for durations in lists)
            found[f"{name}, {granularity}"] = {
                "trainings": sum(len(durations) for durations in lists),
                "hours": round(wall / 3600, 2),
                "cores_at_work": round(work / (wall * cores), 3),
            }
    return found


def _merged(phase: Sequence[Sequence[float]]) -> list[float]:
    """Return all tasks of a phase, those of the longest problem first."""
    length = len(phase[0]) // PROBLEMS
    cuts = range(0, len(phase[0]), length)
    return [second for cut in cuts for stage in phase for second in stage[cut : cut + length]]


class _Draw:
    """Seconds of trainings on all problems, the longest problem first."""

    def __init__(self, seconds: dict[str, list[float]], overhead: float) -> None:
        self._seconds = [seconds[problem] for problem in longest(seconds)]
        self._overhead = overhead
        self._random = np.random.default_rng(0)

    def __call__(self, count: int) -> list[float]:
        drawn = [self._random.choice(own, count) + self._overhead for own in self._seconds]
        return [float(value) for value in np.concatenate(drawn)]


def main(
    measure: Annotated[bool, typer.Option("--measure", help="First read the seconds again from the memo.")] = False,
    memo: Annotated[Path | None, typer.Option(help="The memo to read; the project's own if not given.")] = None,
) -> None:
    """Simulate, print and write ``benchmarks/results/scaling.json``."""
    if measure:
        files.write_json(SECONDS, measured(memo or paths.memo()))
    seconds, overhead = files.read_json(SECONDS), files.read_json(OVERHEAD)
    engine, bookkeeping = overhead["seconds"]["ray"], files.read_json(BOOKKEEPING)["median_seconds"]
    result = {str(cores): simulate(seconds, engine, cores, bookkeeping) for cores in CORES}
    shape = {"optimizers": OPTIMIZERS, "learning_rates": RATES, "seeds": SEEDS, "problems": longest(seconds)}
    means = {problem: round(float(np.mean(seconds[problem])), 3) for problem in longest(seconds)}
    files.write_json(RESULT, {"study": shape, "mean_seconds": means, "cores": result})
    print(" | ".join(["", "plan", "trainings", *(f"{int(cores):,} cores" for cores in result), ""]).strip())
    for name, first in result[str(CORES[0])].items():
        cells = [
            f"{plans[name]['hours']:,.2f} h, {plans[name]['cores_at_work']:.0%} at work" for plans in result.values()
        ]
        print(" | ".join(["", name, f"{first['trainings']:,}", *cells, ""]).strip())


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
