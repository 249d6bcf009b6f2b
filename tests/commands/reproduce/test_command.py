"""``reproduce`` on real trainings of the digits, from results alone and from an MLflow run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.evaluation import evaluate
from pipeline.project.errors import DataError, SettingsError
from pipeline.results import tables
from pipeline.tracking import Tracker, connection
from tests import studies, yaml_text
from tests.stores import Store, point_to

if TYPE_CHECKING:
    from typer.testing import Result


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny study with its results and its runs in MLflow; what was trained is gone, as in a fresh clone."""
    folder = tmp_path_factory.mktemp("tiny study")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        point_to(folder, patch)
        Path("params.yaml").write_text(yaml_text.dump(studies.small_params()))
        settings = studies.settings()
        outcomes = studies.run_digits(settings)
        evaluate.evaluate(settings, workers=1)
        Tracker(connection.datasets(settings), pytest.fail, connection.searched(settings)).sync(outcomes)
    for name in ("runs", "models", ".memo"):
        shutil.rmtree(folder / name, ignore_errors=True)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    # its artifacts lie where the store was made
    point_to(made, monkeypatch)
    return tmp_path / "project"


def run(*arguments: str, status: int = 0) -> Result:
    done = CliRunner().invoke(app, ["reproduce", *arguments])
    assert done.exit_code == status, done.output
    return done


def test_every_row_comes_out_again_from_the_results_alone(folder: Path) -> None:
    done = run("--all")
    assert done.stdout.count(" bit-identical") == 5  # two optimizers, two seeds, and the last line
    assert "of 4 trainings every figure of results/runs.csv, and its weights, byte for byte" in done.stdout
    assert not (folder / "runs").exists()


def test_a_figure_that_does_not_come_out_again_is_told_with_the_rest(folder: Path) -> None:
    table = tables.RUNS.read()
    table.loc[table["optimizer"] == "sgd", "test_accuracy"] = [0.01, 0.02]
    tables.RUNS.write(table)
    done = run("--optimizer", "sgd", "--seeds", "2", status=1)
    assert done.stdout.count(" differs") == 1
    assert "digits: different: SGD" in done.stdout
    assert "Another processor" in done.stderr
    assert "bit-identical" in run("--optimizer", "muon").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--problem", "digit"], "the results have no such problem; did you mean 'digits'"),
        (["--optimizer", "mon"], "there is no such row; did you mean 'muon'"),
        (["--seeds", "x"], "give whole numbers, such as 51,57 or 51-56"),
        (["--run", "a", "--all"], "--run names one training"),
    ],
)
def test_a_wrong_option_is_refused_before_any_work(folder: Path, arguments: list[str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        CliRunner().invoke(app, ["reproduce", *arguments], catch_exceptions=False)


def test_seeds_that_were_not_recorded(folder: Path) -> None:
    with pytest.raises(DataError, match=r"results/runs.csv has no row of .* with seeds 7"):
        CliRunner().invoke(app, ["reproduce", "--seeds", "7"], catch_exceptions=False)


@pytest.mark.parametrize("kind", ["train", "tune"])
def test_a_run_leads_back_to_its_settings_and_the_same_bytes(folder: Path, kind: str) -> None:
    found = Store().runs(f"tags.kind = '{kind}' and tags.optimizer = 'muon'")[0]
    done = run("--run", found.info.run_id)
    assert "bit-identical: every last figure" in done.stdout
    assert ("weights, byte for byte" in done.stdout) == (kind == "train")


def test_other_settings_than_those_of_the_run_are_named(folder: Path) -> None:
    content = studies.small_params()
    content["problems"]["digits"]["batch_size"] = 25
    Path("params.yaml").write_text(yaml_text.dump(content))
    found = Store().runs("tags.kind = 'train'")[0]
    with pytest.raises(SettingsError, match=r"other settings(.|\n)*batch_size: \d+ then, 25 now"):
        CliRunner().invoke(app, ["reproduce", "--run", found.info.run_id], catch_exceptions=False)


def test_what_is_not_the_run_of_a_training(folder: Path) -> None:
    parent = Store().runs("tags.kind = 'parent'")[0]
    for run_id, said in ((parent.info.run_id, "take one of its child runs"), ("0" * 32, "cannot be read")):
        with pytest.raises(DataError, match=said):
            CliRunner().invoke(app, ["reproduce", "--run", run_id], catch_exceptions=False)
