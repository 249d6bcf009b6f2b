"""``reproduce`` on real trainings of the digits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.commands.reproduce import differences
from pipeline.project import errors, files, paths
from pipeline.running import outputs
from pipeline.running import settings as execution
from pipeline.settings import loading
from tests import studies

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from pipeline.settings import study


@pytest.fixture(scope="module")
def chosen() -> study.Settings:
    return studies.settings()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: study.Settings) -> Path:
    monkeypatch.chdir(tmp_path)
    studies.run_digits(chosen)
    monkeypatch.setattr(loading, "load", lambda: chosen)
    monkeypatch.setattr(execution, "load", execution.ExecutionSettings)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["reproduce", *arguments])


def test_the_same_until_one_bit_differs(folder: Path, chosen: study.Settings) -> None:
    first = run("--all")
    assert first.exit_code == 0, first.output
    assert first.stdout.count(" same") >= 4
    name = next(iter(chosen.optimizers))
    tensors = files.read_tensors(paths.weights(name, "digits"))
    changed = next(iter(tensors))
    tensors[changed].reshape(-1)[0] += 1e-3
    files.write_tensors(paths.weights(name, "digits"), tensors)
    second = run("--optimizer", name, "--all")
    assert second.exit_code == 1
    assert second.stdout.count("different: weights") == 1
    with pytest.raises(errors.SettingsError, match="did you mean"):
        CliRunner().invoke(app, ["reproduce", "--problem", "digit"], catch_exceptions=False)


def test_a_history_that_differs_is_seen(folder: Path, chosen: study.Settings) -> None:
    outcome = outputs.read_trainings_with_weights(next(iter(chosen.optimizers)))[0]
    last = replace(outcome.history[-1], train_loss=-1.0)
    assert differences(outcome, outcome) == []
    assert differences(outcome, replace(outcome, history=(*outcome.history[:-1], last))) == ["history"]
