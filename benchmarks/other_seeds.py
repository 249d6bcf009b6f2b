"""Do the verdicts hold for other seeds? ``python -m benchmarks.other_seeds``.

Repeats the final trainings of the whole study with seeds that it has not used, in a copy of the project, and lists the
claims whose verdict changes. The learning rates stay as they were tuned, and the cost of a step as it was timed.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from benchmarks.stages import copy_environment, copy_project
from pipeline.project import errors, files, paths
from pipeline.results.cost import Cost
from pipeline.results.verdicts import VerdictRecord, Verdicts
from pipeline.running import refusals
from pipeline.settings import loading

RESULT = Path("benchmarks/results/other_seeds.json")


def main(
    first_seed: Annotated[
        int | None, typer.Option(help="The first of the other seeds; the next ones unless given.")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Where to work; a temporary folder unless given.")] = None,
) -> None:
    """Measure, print and write ``benchmarks/results/other_seeds.json``."""
    own = Verdicts.read().claims
    settings = loading.load().training
    if first_seed is None:
        first_seed = settings.first_seed + settings.seeds
    with tempfile.TemporaryDirectory() as temporary:
        copy = folder or Path(temporary) / "study"
        copy_project(copy)
        # the tuning is not repeated
        if Path(".memo").exists():
            shutil.copytree(".memo", copy / ".memo")
        # DVC leaves alone what its lock file knows and no change concerns: the timings, which have no seed
        for kept in (Path("dvc.lock"), Cost.PATH):
            (copy / kept).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(kept, copy / kept)
        content = yaml.safe_load(paths.PARAMS.read_text(encoding="utf-8"))
        content["training"]["first_seed"] = first_seed
        files.write_text(copy / paths.PARAMS, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
        status = subprocess.run(["dvc", "repro", "compare"], cwd=copy, env=copy_environment(), check=False).returncode
        if status:
            raise errors.UserError("the study stopped: see above.")
        other = Verdicts.read(copy / Verdicts.PATH).claims
    result: dict[str, Any] = {
        "seeds": [settings.first_seed, settings.first_seed + settings.seeds - 1],
        "other_seeds": [first_seed, first_seed + settings.seeds - 1],
        "same": sum(own[name].verdict == other[name].verdict for name in own),
        "claims": {name: _pair(own[name], other[name]) for name in own},
    }
    files.write_json(RESULT, result)
    for name, (before, after) in ((n, (p["verdict"], p["other_verdict"])) for n, p in result["claims"].items()):
        print(f"{name:26} {before:26} {'same' if before == after else after}")
    print(f"{result['same']} of {len(own)} verdicts are the same")


def _pair(own: VerdictRecord, other: VerdictRecord) -> dict[str, Any]:
    shown = ("verdict", "effect", "low", "high", "p", "sentence")
    return {**{n: getattr(own, n) for n in shown}, **{f"other_{n}": getattr(other, n) for n in shown}}


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
