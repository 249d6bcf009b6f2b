"""``reproduce --run ID``: from a run in MLflow back to its commit, its settings and the same bytes."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipeline.commands.compare import needs
from pipeline.commands.reproduce import again
from pipeline.commands.reproduce.command import differences_here
from pipeline.project import git
from pipeline.project.errors import SettingsError
from pipeline.running import pool
from pipeline.running.key import code_fingerprint, key_of
from pipeline.running.outputs import Setting
from pipeline.running.planning import name_of, plan
from pipeline.settings import loading
from pipeline.tracking import recorded

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from pipeline.settings.study import Settings
    from pipeline.tracking.recorded import RecordedRun
    from pipeline.training.record import Outcome, Training


def reproduce(run_id: str) -> None:
    """Train what a run recorded again, and compare the end of its history and its weights, byte for byte."""
    settings = loading.load()
    run = recorded.read(run_id)
    training = _training(run, settings)
    _refuse_other_settings(run, training, settings)
    print(f"Run {run.run_id}: {name_of(training)}{_from_commit(run)}.")
    pool.start_server()
    with tempfile.TemporaryDirectory() as scratch:
        (outcome,) = again.finished([training], settings, Path(scratch))
    found = different(run, outcome)
    if not found:
        compared = "every last figure" + (" and the weights, byte for byte" if run.weights else "; it kept no weights")
        print(f"bit-identical: {compared}.")
        return
    print(f"different: {', '.join(found)}.")
    for line in [*differences_here(), *_another_key(run, training)]:
        print(line, file=sys.stderr)
    raise typer.Exit(1)


def _training(run: RecordedRun, settings: Settings) -> Training:
    """Put the training together from the row in ``params.yaml`` and what the run recorded of its setting and seed."""
    row = settings.optimizer(run.optimizer)
    if run.problem not in settings.problems:
        raise SettingsError(f"run {run.run_id} is of the problem {run.problem}, which is not in params.yaml{_go(run)}.")
    setting = Setting(float(run.params["learning_rate"]), run.searched(row.search))
    data = needs.prepared(run.problem, settings, lambda text: print(text, file=sys.stderr)).digest
    seed = int(run.params["seed"])
    return plan(run.kind, settings, run.optimizer, run.problem, setting=setting, seed=seed, data=data)


def _refuse_other_settings(run: RecordedRun, training: Training, settings: Settings) -> None:
    if found := run.differing(training, settings.optimizer(run.optimizer).search):
        lines = "\n  ".join(found)
        raise SettingsError(f"run {run.run_id} was trained with other settings{_go(run)}.\n  {lines}")


def _go(run: RecordedRun) -> str:
    """Say how to come by the settings and the code of a run."""
    if run.commit is None:
        return "; it was written outside git, so no commit has them"
    return f": `git worktree add ../then {run.commit[:10]}`, and run the same command there with this MLflow store"


def _from_commit(run: RecordedRun) -> str:
    if run.commit is None:
        return ", written outside git"
    here = git.ask("rev-parse", "HEAD")
    return f", from commit {run.commit[:10]}" + (", which is checked out" if run.commit == here else "")


def different(run: RecordedRun, outcome: Outcome) -> list[str]:
    """Return what of a run's last figures and weights does not come out again in every bit."""
    last = {
        "train_loss": outcome.last.train_loss,
        "update_rms": outcome.last.update,
        "validation_loss": outcome.last.validation_loss,
        "validation_accuracy": outcome.last.validation_accuracy,
    }
    # after a divergence the last point has no numbers, but an earlier one may have had them
    found = [n for n, v in last.items() if v is not None and run.metrics.get(n) != v]
    if (run.metrics.get("diverged_at"), run.metrics.get("hopeless_at")) != (outcome.diverged_at, outcome.hopeless_at):
        found.append("the step where it stopped")
    if run.weights is not None and _bytes(run.weights) != _bytes(outcome.weights or {}):
        found.append("weights")
    return found


def _bytes(weights: Mapping[str, np.ndarray]) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    return {name: (str(array.dtype), array.shape, array.tobytes()) for name, array in weights.items()}


def _another_key(run: RecordedRun, training: Training) -> list[str]:
    if key_of(training, code_fingerprint()) == run.key:
        return ["Settings, data, code and versions are those of the run: another processor may round differently."]
    return [f"The code of the trainings, the data, or torch, numpy or numba differ from those of the run{_go(run)}."]
