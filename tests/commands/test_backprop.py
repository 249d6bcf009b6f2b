import json
import math

import pytest
import typer
from typer.testing import CliRunner

from pipeline.backprop.example import result, worked_example
from pipeline.backprop.settings import ASSIGNMENT
from pipeline.commands.backprop import backprop, plain
from pipeline.project.errors import SettingsError


def run(*arguments, width="100"):
    app = typer.Typer()
    app.command()(backprop)
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": width, "NO_COLOR": "1", "TERM": "dumb"})


def test_without_options_it_prints_the_example_of_the_assignment():
    outcome = run()
    assert outcome.exit_code == 0, outcome.output
    lines = [" ".join(line.split()) for line in outcome.output.splitlines()]
    assert "h₁ w₁ i₁ + w₂ i₂ 0.5 · 1 + 0.7 · 2 1.9 legible" in lines
    assert "z w₅ h₁ + w₆ h₂ 1 · 1.9 + 0.5 · 1.1 2.45 computed" in lines
    assert "J (o − y)²/2 (0.920561 − 1)²/2 0.00315524 computed" in lines
    assert "∂J/∂w₅ ∂J/∂z · h₁ (−0.00580919) · 1.9 −0.0110375" in lines
    assert "w₁′ w₁ − α · ∂J/∂w₁ 0.5 − 0.5 · (−0.00580919) 0.502905" in lines
    assert "α 0.5 assumed" in lines
    assert any(line.startswith("∂J/∂w₄ −0.00580919 −0.00580919 ") for line in lines)


def test_no_latex_is_left_in_the_terminal():
    output = run("--inputs", "1e-7,-2", "--steps", "2").output
    assert "10⁻⁷" in output
    assert not set("\\{}_$'") & set(output)
    assert all("e^(" in line for line in output.splitlines() if "^" in line)


def test_numbers_of_ones_own_of_another_size():
    outcome = run("--inputs", "-1,0,2", "--hidden", ".2,.4,.6", "--output", "2", "--target", "0", "--json")
    values = {step["symbol"]: step["value"] for step in json.loads(outcome.output)["steps"]}
    assert values["h1"] == pytest.approx(1.0)
    assert values["J"] == pytest.approx((1 / (1 + math.exp(-2))) ** 2 / 2)


def test_what_is_said_of_the_assignment_is_not_said_of_other_numbers():
    assert "reconstructed" in run("--learning-rate", "0.1").output
    assert "assumed:" in run("--learning-rate", "0.1").output
    assert "reconstructed" not in run("--inputs", "1,3").output
    assert "legible" not in run("--inputs", "1,3").output


def test_json_is_the_result_of_the_stage():
    assert json.loads(run("--json").output) == result(ASSIGNMENT)


def test_help_teaches_by_an_example():
    output = run("--help").output
    assert "python -m pipeline backprop --inputs 1,0,-1" in output
    assert "learning rate" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--inputs", "1,x"], "--inputs: 'x' is not a number; write it like --inputs 1,2."),
        (["--inputs", "1,,2"], "--inputs: a number is missing; write it like --inputs 1,2."),
        (
            ["--inputs", "1,2,3"],
            "row 1 of --hidden has 2 weights, but there are 3 inputs: give one weight for each.",
        ),
        (
            ["--hidden", "1,2"],
            "--output has 2 weights, but --hidden describes 1 hidden unit: give one weight for each.",
        ),
        (["--target", "inf"], "--target: found inf; it must be a finite number."),
        (["--learning-rate", "-1"], "--learning-rate: found -1.0; it must be greater than 0."),
        (["--steps", "2.5"], "--steps: 2.5 is not a whole number; write it like --steps 100."),
        (["--steps", "nan"], "--steps: nan is not a whole number; write it like --steps 100."),
        (["--steps", "0"], "--steps: found 0; it must be greater than or equal to 1."),
    ],
)
def test_bad_input_gets_one_sentence(arguments, message):
    outcome = run(*arguments)
    assert isinstance(outcome.exception, SettingsError)
    assert str(outcome.exception) == message
    assert outcome.output == ""


def test_too_many_numbers_are_refused_without_repeating_them():
    outcome = run("--inputs", ",".join("1" * 9))
    assert isinstance(outcome.exception, SettingsError)
    assert str(outcome.exception) == "--inputs: it should have at most 8 items, not 9."


def test_plain_formulas():
    assert plain(r"\dfrac{\partial J}{\partial w_{12}}") == "∂J/∂w₁₂"
    assert plain(r"\dfrac{1}{1 + e^{-({-3})}}") == "1/(1 + e^(−(−3)))"
    assert plain(r"({-1.5 \cdot 10^{-7}}) \cdot h_1'") == "(−1.5 · 10⁻⁷) · h₁′"
    assert not any(set("\\{}_$'") & set(plain(step.formula + step.numbers)) for step in worked_example(ASSIGNMENT))
