import json
import math
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from pipeline.backprop.example import worked_example
from pipeline.backprop.settings import ASSIGNMENT
from pipeline.commands.backprop import backprop
from pipeline.project.errors import SettingsError
from pipeline.results.backprop import WorkedExample
from tests.conftest import ROOT


def run(*arguments):
    app = typer.Typer()
    app.command()(backprop)
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"})


def test_without_options_it_prints_the_example_of_the_assignment():
    outcome = run()
    assert outcome.exit_code == 0, outcome.output
    lines = [" ".join(line.split()) for line in outcome.output.splitlines()]
    assert "h₁ w₁ · i₁ + w₂ · i₂ 0.5 · 1 + 0.7 · 2 1.9 legible" in lines
    assert "z w₅ · h₁ + w₆ · h₂ 0.8 · 1.9 + 0.3 · 1.1 1.85 computed" in lines
    assert "J (o − y)²/2 (0.864127 − 1)²/2 0.00923072 computed" in lines
    assert "∂J/∂w₅ ∂J/∂z · h₁ (−0.015953) · 1.9 −0.0303108" in lines
    assert "w₁′ w₁ − α · ∂J/∂w₁ 0.5 − 0.5 · (−0.0127624) 0.506381" in lines
    assert "α 0.5 assumed" in lines
    assert "h₁ w₁ · i₁ + w₂ · i₁ 1.2 w₁ · i₁ + w₂ · i₂ 1.9" in lines
    assert "∂o/∂z o · (1 − z) −0.734508 o · (1 − o) 0.117411" in lines
    assert any(line.startswith("∂J/∂w₄ −0.00957182 −0.00957182 ") for line in lines)


def test_no_latex_and_no_code_is_left_in_the_terminal():
    output = run("--inputs", "1e-7,-2", "--steps", "2").output
    assert "(1e−07)" in output
    assert not set("\\{}_$'*") & set(output)


def test_numbers_of_ones_own_of_another_size():
    outcome = run("--inputs", "-1,0,2", "--hidden", ".2,.4,.6", "--output", "2", "--target", "0", "--json")
    values = {step["symbol"]: step["value"] for step in json.loads(outcome.output)["steps"]}
    assert values["h1"] == pytest.approx(1.0)
    assert values["J"] == pytest.approx((1 / (1 + math.exp(-2))) ** 2 / 2)


def test_what_is_said_of_the_assignment_is_not_said_of_other_numbers():
    assert "reconstructed" in run("--learning-rate", "0.1").output
    assert "assumed:" in run("--learning-rate", "0.1").output
    assert "reconstructed" not in run("--inputs", "1,3").output
    assert not any(word in run("--inputs", "1,3").output for word in ("legible", "slips"))


def test_json_is_the_result_of_the_stage():
    assert WorkedExample.model_validate_json(run("--json").output) == worked_example(ASSIGNMENT)


def test_help_teaches_by_an_example():
    output = run("--help").output
    assert "optimizer-study backprop --inputs 1,0,-1" in output
    assert "learning rate" in output


def test_help_waits_for_neither_torch_nor_sympy():
    code = "import sys, pipeline.commands.backprop; raise SystemExit(bool({'torch', 'sympy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--inputs", "1,x"], "--inputs: '1,x' is not a list of numbers; write it like --inputs 1,2."),
        (["--hidden", "1,;2"], "--hidden: '1,' is not a list of numbers; write it like --hidden '.5,.7;.3,.4'."),
        (["--inputs", "1,2,3"], "row 1 of --hidden: found 2, expected 3, one for each input."),
        (["--hidden", "1,2"], "--output: found 2, expected 1, one for each hidden unit."),
        (["--target", "inf"], "--target: found inf; it must be a finite number."),
        (["--learning-rate", "-1"], "--learning-rate: found -1.0; it must be greater than 0."),
        (["--steps", "0"], "--steps: found 0; it must be greater than or equal to 1."),
    ],
)
def test_bad_input_gets_one_sentence(arguments, message):
    outcome = run(*arguments)
    assert isinstance(outcome.exception, SettingsError)
    assert str(outcome.exception) == message
    assert outcome.output == ""


def test_an_overflow_is_one_sentence_and_exit_status_2_in_an_empty_folder(tmp_path):
    outcome = subprocess.run(
        [sys.executable, "-m", "pipeline", "backprop", "--target", "1e200"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 2
    assert outcome.stderr.startswith("error: backprop: J is too large")
    assert len(outcome.stderr.splitlines()) == 1
    assert outcome.stdout == ""
