from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.commands.judge.command import judge
from tests.commands.judge.made_up import results, run, wide
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = re.findall(r"^ +(.*optimizer-study judge.*)$", judge.__doc__ or "", re.MULTILINE)
PAGE = ROOT / "docs" / "how-to" / "your-results.md"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the examples name."""
    monkeypatch.chdir(tmp_path)
    frame = results(adam=0.02, sgd=0.0)
    frame = frame.assign(val_loss=1 - frame.test_accuracy, batch_size=64)
    frame.to_csv("results.csv", index=False)
    pd.concat(frame.assign(epoch=epoch) for epoch in range(4)).to_csv("curves.csv", index=False)
    wide(frame).to_csv("wide.csv")
    shutil.copytree(ROOT / "results", "results")
    return tmp_path


def store_of_the_example(folder: Path) -> None:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    from pipeline.tracking import store

    with store.quietly():
        client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
        experiment = client.create_experiment("mine", artifact_location=str(folder / "artifacts"))
        for row in results(seeds=3, adam=0.02, sgd=0.0).itertuples():
            found = client.create_run(experiment).info.run_id
            params = [Param("optimizer", row.optimizer), Param("seed", str(row.seed))]
            client.log_batch(found, [Metric("test_accuracy", row.test_accuracy, 0, 0)], params)
            client.set_terminated(found)


def commands_of_the_page() -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(r"^\$ (.*optimizer-study judge.*)$", text, re.MULTILINE)


@pytest.mark.parametrize("example", dict.fromkeys([*EXAMPLES, *commands_of_the_page()]))
def test_the_examples_of_the_help_and_of_the_page(example: str, folder: Path) -> None:
    given, _, command = example.rpartition(" | ")
    words = shlex.split(command)
    assert words[:2] == ["optimizer-study", "judge"]
    if "--mlflow" in words:
        store_of_the_example(folder)
    outcome = CliRunner().invoke(app, words[1:], input=Path("results.csv").read_bytes() if given else None)
    assert outcome.exit_code == 0, outcome.exception
    if "--json" in words:
        assert json.loads(outcome.stdout)["comparisons"]
    else:
        assert outcome.stdout.startswith("Understood: ")


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 6
    assert commands_of_the_page()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give a table of results, or --mlflow"),
        (["results.csv", "--mlflow", "mine"], "one of the two"),
        (["results.csv", "--tracking-uri", "sqlite:///x.db"], "give its name with --mlflow"),
        (["--mlflow", "mine", "--tracking-uri", "sqlite:///absent.db"], "there is no MLflow store absent.db"),
        (["results.csv", "--optimizer-column", "optimiser"], "did you mean 'optimizer'"),
        (["results.csv", "--baseline", "adan"], "results.csv: there is no optimizer 'adan'"),
    ],
)
def test_mistakes_are_one_sentence(arguments: list[str], said: str, folder: Path) -> None:
    status, printed, message = run(*arguments)
    assert (status, printed) == (2, "")
    assert said in message


def test_a_small_table_loads_neither_pandas_nor_torch_nor_mlflow(folder: Path) -> None:
    code = (
        "import sys; from pipeline.commands.judge.command import judge; judge('results.csv', metric='test_accuracy');"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"pandas", "torch", "mlflow", "matplotlib", "sklearn"}.isdisjoint(done.stdout.splitlines()[-1].split())


def test_what_was_understood_is_said_first(write: Callable[[object], Path]) -> None:
    text = results(adam=0.02, sgd=0.0).rename(columns={"optimizer": "Opt"}).to_csv(index=False, sep=";", decimal=",")
    first = run(write(text))[1].splitlines()[0]
    assert first == (
        "Understood: 20 rows, one row per run, optimizer in 'Opt', seed in 'seed', metric 'test_accuracy'; "
        "separated by ';'; decimal commas."
    )
