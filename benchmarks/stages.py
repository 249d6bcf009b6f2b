"""Wall time of every stage, the share of it that is training, and peak memory: ``make bench-pipeline``.

Runs the whole study from nothing in a copy of the project (no memo, no cache; the data from where it is), and samples
the memory of the whole process tree meanwhile. ``--here`` measures the ``dvc repro`` of this working tree instead, with
what the memo holds. The result is written after every stage: an interrupt loses nothing.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import psutil
import typer

if TYPE_CHECKING:
    from collections.abc import Callable

from pipeline.commands.run.copying import copy_files
from pipeline.commands.run.processes import project_environment
from pipeline.data import sources
from pipeline.project import environment, errors, files, paths
from pipeline.running import refusals

RESULT = Path("benchmarks/results/stages.json")
_SAMPLE_SECONDS = 2.0
_MIB = 1 << 20
# what the study may take: a fixed part, and a part for every worker
_MEMORY_TARGET_MIB, _MEMORY_TARGET_MIB_PER_WORKER = 1536, 350
_TRAINING_STAGES = ("tune@", "train@")
# what a finished study reruns for one more optimizer, besides that optimizer's own `tune` and `train`
_AFTER_ANY_CHANGE = ("evaluate", "compare", "cost", "report")


class Watch:
    """Samples the memory of a run's process tree, and follows its log of stages.

    Parameters
    ----------
    process
        The run.
    log
        Where the stages write their times, a line each.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.peak_bytes = 0
        self.stages: list[dict[str, Any]] = []
        self._process, self._log = process, log
        self._peak_of_stage = 0
        # `--here` adds to a log that has lines of earlier runs
        self._position = log.stat().st_size if log.exists() else 0

    def follow(self, on_stage: Callable[[], object]) -> None:
        """Sample until the run ends; call `on_stage` whenever a stage has ended."""
        while self._process.poll() is None:
            self._sample()
            if self._read():
                on_stage()
            time.sleep(_SAMPLE_SECONDS)
        self._read()

    def _sample(self) -> None:
        try:
            root = psutil.Process(self._process.pid)
            used = sum(_memory(process) for process in [root, *root.children(recursive=True)])
        except psutil.Error:
            return
        self.peak_bytes = max(self.peak_bytes, used)
        self._peak_of_stage = max(self._peak_of_stage, used)

    def _read(self) -> bool:
        """Take over the stages that ended since the last look, if there are any."""
        if not self._log.exists():
            return False
        with self._log.open("rb") as log:
            log.seek(self._position)
            whole, _, _ = log.read().rpartition(b"\n")
        if not whole:
            return False
        self._position += len(whole) + 1
        # a stage shorter than a sample shares the peak of what ended beside it
        peak = round(self._peak_of_stage / _MIB)
        self.stages += [{**json.loads(line), "peak_memory_mib": peak} for line in whole.splitlines()]
        self._peak_of_stage = 0
        return True


def _memory(process: psutil.Process) -> int:
    try:
        used = process.memory_full_info()
    except psutil.Error:
        return 0
    # PSS counts a page that processes share once
    return int(getattr(used, "pss", used.rss))


def main(
    folder: Annotated[Path | None, typer.Option(help="Where to work; a temporary folder unless given.")] = None,
    here: Annotated[bool, typer.Option("--here", help="Run this working tree's study, with its memo.")] = False,
    result: Annotated[Path, typer.Option(help="Where to write.")] = RESULT,
) -> None:
    """Measure, print and write ``benchmarks/results/stages.json``."""
    if here:
        _measure(Path(), project_environment(), result)
        return
    with tempfile.TemporaryDirectory() as temporary:
        copy = folder or Path(temporary) / "study"
        copy_project(copy)
        _measure(copy, copy_environment(), result)


def _measure(study: Path, variables: dict[str, str], result: Path) -> None:
    start = time.perf_counter()
    process = subprocess.Popen(["dvc", "repro"], cwd=study, env=variables)
    watch = Watch(process, study / paths.TIMINGS)

    def write_partial() -> None:
        so_far = time.perf_counter() - start
        files.write_json(result, {"finished": False, **_summary(watch.stages, so_far, watch.peak_bytes)})

    watch.follow(write_partial)
    if process.wait():
        raise errors.UserError("the study stopped: see above.")
    whole = time.perf_counter() - start
    start_again = time.perf_counter()
    subprocess.run(["dvc", "repro", "-q"], cwd=study, env=variables, check=True)
    again = round(time.perf_counter() - start_again, 2)
    summary = _summary(watch.stages, whole, watch.peak_bytes)
    files.write_json(result, {"finished": True, "no_op_seconds": again, **summary})
    print(f"a run with nothing to do: {again} s")
    _print(summary)


def copy_environment() -> dict[str, str]:
    """Return the environment of a copy: the data comes from where the project itself has it."""
    raw = paths.raw("cifar10")
    source = {sources.SOURCE_VARIABLE: str(raw.resolve())} if raw.exists() else {}
    return {**project_environment(), **source}


def copy_project(folder: Path) -> None:
    """Copy what the pipeline needs into a new folder, as a DVC project of its own."""
    copy_files(Path(), folder)
    subprocess.run(["dvc", "init", "--no-scm", "-q"], cwd=folder, env=project_environment(), check=True)


def _summary(stages: list[dict[str, Any]], whole: float, peak: int) -> dict[str, Any]:
    training = sum(stage["training_seconds"] / stage["workers"] for stage in stages)
    workers = max((stage["workers"] for stage in stages), default=1)
    described = environment.describe()
    addition = one_more_optimizer(stages)
    return {
        "machine": {name: value for name, value in described.items() if name != "versions"},
        "versions": described["versions"],
        "seconds": round(whole, 1),
        "training_seconds_per_worker": round(training, 1),
        "overhead_share": round(1 - training / whole, 3),
        "outside_training_stages_share": outside_training_stages(stages, whole),
        # DVC's own time, and the starts of the stages' processes
        "between_stages_seconds": round(whole - sum(stage["seconds"] for stage in stages), 1),
        "one_more_optimizer_seconds": addition,
        "one_more_optimizer_share": None if addition is None else round(addition / whole, 3),
        "peak_memory_mib": round(peak / _MIB),
        "memory_target_mib": _MEMORY_TARGET_MIB + _MEMORY_TARGET_MIB_PER_WORKER * workers,
        "trainings": sum(stage["trainings"] for stage in stages),
        "stages": stages,
    }


def outside_training_stages(stages: list[dict[str, Any]], whole: float) -> float:
    """Return the share of a run that is not `tune` and `train`: the other stages, and what lies between stages."""
    own: float = sum(stage["seconds"] for stage in stages if stage["stage"].startswith(_TRAINING_STAGES))
    return round(1 - own / whole, 3)


def one_more_optimizer(stages: list[dict[str, Any]]) -> float | None:
    """Return what an optimizer added to a finished study costs, in seconds, from the times of this one's stages.

    The median over the optimizers of `tune` and `train` together, and what follows any change, once. None where a
    stage is missing.
    """
    seconds: dict[str, float] = {stage["stage"]: stage["seconds"] for stage in stages}
    names = [stage.removeprefix("train@") for stage in seconds if stage.startswith("train@")]
    own = [seconds[f"tune@{name}"] + seconds[f"train@{name}"] for name in names if f"tune@{name}" in seconds]
    if not own or any(stage not in seconds for stage in _AFTER_ANY_CHANGE):
        return None
    return round(statistics.median(own) + sum(seconds[stage] for stage in _AFTER_ANY_CHANGE), 1)


def _print(summary: dict[str, Any]) -> None:
    print(f"{'stage':20} {'seconds':>9} {'training':>9} {'peak MiB':>9}")
    for stage in summary["stages"]:
        share = stage["training_seconds"] / stage["workers"] / max(stage["seconds"], 1e-9)
        print(f"{stage['stage']:20} {stage['seconds']:9.1f} {share:9.0%} {stage['peak_memory_mib']:9,}")
    print(json.dumps({name: value for name, value in summary.items() if name != "stages"}, indent=2))


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
