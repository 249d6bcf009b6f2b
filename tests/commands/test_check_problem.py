"""`check problem` says what is wrong with a data set of one's own, and when it is ready."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.commands.check import examining
from pipeline.data import problems
from pipeline.project.errors import SettingsError
from tests import studies, yaml_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.commands.check.examining import Checked

RIGHT = """
import numpy as np
from pipeline.prepared.examples import Examples, LabelledData

TITLE = "Circles"
DESCRIPTION = "Whether a point lies in a circle."
ARCHIVE = None

def made(count, seed):
    inputs = np.random.default_rng(seed).normal(size=(count, 2))
    return Examples(inputs, (np.square(inputs).sum(axis=1) < 1).astype(int))

def load(raw):
    return LabelledData(made(100, 0), made(40, 1), ("outside", "inside"))

def tiny():
    return load(None)
"""
ROWS = {"network": "linear", "epochs": 3, "batch_size": 8}


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Checked]:
    """Return what checks the file of a data set `own`, in a project that has a row for it or not."""
    folder = tmp_path / "problems"
    folder.mkdir()
    monkeypatch.setattr(problems, "__path__", [*problems.__path__, str(folder)])
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "pipeline.data.problems.own", raising=False)
    monkeypatch.delattr(problems, "own", raising=False)

    def checked(text: str = RIGHT, row: dict[str, object] | None = ROWS, fraction: float = 0.2) -> Checked:
        (folder / "own.py").write_text(text, encoding="utf-8")
        params = studies.params()
        params["problems"] = {"digits": params["problems"]["digits"]} | ({"own": row} if row else {})
        params["data"]["sets"] |= {"own": {"validation_fraction": fraction}} if row else {}
        (tmp_path / "params.yaml").write_text(yaml_text.dump(params), encoding="utf-8")
        return examining.check_problem("own")

    return checked


def wrong(checked: Checked) -> dict[str, str]:
    assert not checked.ready
    return {finding.what: finding.found for finding in checked.findings if not finding.ok}


def test_a_right_data_set_is_ready_with_its_counts_shapes_and_time(check: Callable[..., Checked]) -> None:
    checked = check()
    assert checked.ready
    assert checked.last_line == "own is ready."
    found = {finding.what: finding.found for finding in checked.findings}
    assert found["the file"] == "Circles: classification"
    assert found["load()"].startswith("to train on: inputs float64 (100, 2), labels int64 (100,); 40 test examples")
    assert found["prepared"].startswith(
        "80 train, 20 validation, 40 test; float32 (2,), scaling per_channel, 2 outputs"
    )
    assert "network linear: after 10 steps of adam test loss " in found["problems.own"]
    assert "a training has 30 steps, about " in found["problems.own"]


def test_missing_rows_are_printed_as_yaml(check: Callable[..., Checked]) -> None:
    checked = check(row=None)
    assert not checked.ready
    assert all(finding.ok for finding in checked.findings)
    assert checked.last_line == "own is right. Add to params.yaml:"
    added = yaml_text.load(checked.missing)
    assert added["data"]["sets"] == {"own": {"validation_fraction": 0.2}}
    assert added["problems"] == {"own": {"network": "linear", "epochs": 80, "batch_size": 16}}


@pytest.mark.parametrize(
    ("old", "new", "what", "said"),
    [
        ('TITLE = "Circles"', 'TITEL = "Circles"', "the file", "TITLE is missing; the file has TITEL"),
        ("ARCHIVE = None", 'ARCHIVE = "cifar"', "the file", "did you mean 'cifar10'?"),
        ("ARCHIVE = None", "ARCHIVE = None (", "the file", "SyntaxError in line 7 of own.py"),
        (
            "import numpy",
            "import numpi",
            "the file",
            "ModuleNotFoundError in line 2 of own.py: No module named 'numpi'",
        ),
        ("    return load(None)", "    return 1 / 0", "tiny()", "ZeroDivisionError in line 17 of own.py"),
        ("(inputs, (", "(inputs.astype(str), (", "tiny()", "inputs: found <U32 (40, 2); it must be numbers"),
        (".astype(int)", ".astype(float)", "tiny()", "take labels.astype(int)"),
        ("made(100, 0)", "made(2, 0)", "tiny()", "too few examples of "),
        (
            "inputs, (np",
            "inputs * 1e30, (np",
            "problems.own",
            "far above that of guessing: scale the inputs (SCALING is none",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    check: Callable[..., Checked], old: str, new: str, what: str, said: str
) -> None:
    assert old in RIGHT
    text = RIGHT.replace(old, new)
    if what == "problems.own":
        text += '\nSCALING = "none"\n'
    found = wrong(check(text))
    assert said in found[what]
    assert found[what].endswith(".")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"network": "digits_cnn"}, "network"),
        ({"network": "causal_transformer"}, "causal_transformer"),
        ({"batch_size": 200}, "batch_size is 200; there are only 80 training examples"),
    ],
)
def test_a_row_that_does_not_fit_the_examples_is_said(
    check: Callable[..., Checked], row: dict[str, object], said: str
) -> None:
    assert said in wrong(check(row={**ROWS, **row}))["problems.own"]


def test_a_share_that_leaves_too_few_is_said(check: Callable[..., Checked]) -> None:
    # of eight examples a tenth, which is one for two classes
    text = RIGHT.replace("made(100, 0)", "made(8, 0)")
    assert (
        "validation_fraction 0.1 leaves 1 example of 8 for validation" in wrong(check(text, fraction=0.1))["prepared"]
    )


def test_an_unknown_name_is_refused_with_the_closest(check: Callable[..., Checked]) -> None:
    assert check().ready
    with pytest.raises(SettingsError, match=r"there is no pipeline/data/problems/digit\.py; did you mean 'digits'"):
        examining.check_problem("digit")


def test_the_command_prints_a_table_and_ends_with_2_until_all_is_right(
    check: Callable[..., Checked], monkeypatch: pytest.MonkeyPatch
) -> None:
    check()
    ready = CliRunner().invoke(app, ["check", "problem", "own"])
    assert (ready.exit_code, ready.stdout.rstrip().splitlines()[-1]) == (0, "own is ready.")
    monkeypatch.delitem(sys.modules, "pipeline.data.problems.own")
    check(row=None)
    incomplete = CliRunner().invoke(app, ["check", "problem", "own"])
    assert incomplete.exit_code == 2
    assert "own is right. Add to params.yaml:\ndata:\n  sets:\n    own: {validation_fraction: 0.2}" in incomplete.stdout
