"""Wall time of every stage, the share of it that is training, and peak memory: ``make bench-pipeline``.

Runs the whole study from nothing in a copy of the project (no memo, no cache; the data from where it is), and samples
the memory of the whole process tree meanwhile.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from pipeline import environment, errors, files, paths
from pipeline.commands.demo import project_environment
from pipeline.data import sources

RESULT = Path("benchmarks/results/stages.json")
_COPIED = ("dvc.yaml", "params.yaml", ".dvcignore", ".gitignore", "pipeline", "stages")
_SAMPLE_SECONDS = 0.5
_MIB = 1 << 20


class MemoryWatch(threading.Thread):
    """Samples the memory of a process and all its descendants, each shared page counted once (PSS)."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        self.peak_bytes = 0
        self._process = process

    def run(self) -> None:
        """Sample until the process ends."""
        while self._process.poll() is None:
            self.peak_bytes = max(self.peak_bytes, self._sample())
            time.sleep(_SAMPLE_SECONDS)

    def _sample(self) -> int:
        try:
            root = psutil.Process(self._process.pid)
            return sum(_memory(process) for process in [root, *root.children(recursive=True)])
        except psutil.Error:
            return 0


def _memory(process: psutil.Process) -> int:
    try:
        used = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(used, "pss", used.rss))


def main(
    folder: Annotated[Path | None, typer.Option(help="Where to work; a temporary folder unless given.")] = None,
) -> None:
    """Measure, print and write ``benchmarks/results/stages.json``."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = folder or Path(temporary) / "study"
        copy_project(copy)
        start = time.perf_counter()
        process = subprocess.Popen(["dvc", "repro"], cwd=copy, env=copy_environment())
        watch = MemoryWatch(process)
        watch.start()
        if process.wait():
            raise errors.UserError("the study stopped: see above.")
        whole = time.perf_counter() - start
        lines = (copy / "logs" / "timings.jsonl").read_text(encoding="utf-8").splitlines()
        start = time.perf_counter()
        subprocess.run(["dvc", "repro", "-q"], cwd=copy, env=project_environment(), check=True)
        again = time.perf_counter() - start
    result = _summary([json.loads(line) for line in lines], whole, again, watch.peak_bytes)
    files.write_json(RESULT, result)
    print(json.dumps({name: value for name, value in result.items() if name != "stages"}, indent=2))


def copy_environment() -> dict[str, str]:
    """Return the environment of a copy: the data comes from where the project itself has it."""
    raw = paths.raw("cifar10")
    source = {sources.SOURCE_VARIABLE: str(raw.resolve())} if raw.exists() else {}
    return {**project_environment(), **source}


def copy_project(folder: Path) -> None:
    """Copy what the pipeline needs into a new folder, as a DVC project of its own."""
    folder.mkdir(parents=True)
    for name in _COPIED:
        copy = shutil.copytree if Path(name).is_dir() else shutil.copy2
        copy(name, folder / name)
    subprocess.run(["dvc", "init", "--no-scm", "-q"], cwd=folder, env=project_environment(), check=True)


def _summary(stages: list[dict[str, Any]], whole: float, again: float, peak: int) -> dict[str, Any]:
    training = sum(stage["training_seconds"] / stage["workers"] for stage in stages)
    described = environment.describe()
    return {
        "machine": {name: value for name, value in described.items() if name != "versions"},
        "versions": described["versions"],
        "seconds": round(whole, 1),
        "training_seconds_per_worker": round(training, 1),
        "overhead_share": round(1 - training / whole, 3),
        "no_op_seconds": round(again, 2),
        "peak_memory_mib": round(peak / _MIB),
        "trainings": sum(stage["trainings"] for stage in stages),
        "stages": stages,
    }


if __name__ == "__main__":
    with errors.one_message():
        typer.run(main)
