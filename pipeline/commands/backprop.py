"""The worked back-propagation example in the terminal, with numbers of one's own."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from pipeline.backprop import example as calculation
from pipeline.backprop.settings import ASSIGNMENT, BackpropSettings
from pipeline.project.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

_TITLES: dict[calculation.Phase, str] = {
    "given": "Given",
    "forward": "Forward: from the inputs to the cost",
    "backward": "Backward: from the cost to every weight",
    "update": "One step of gradient descent: w ← w − α · ∂J/∂w",
    "after": "Forward again, with the new weights",
}
_OPTIONS = {
    "inputs": "--inputs",
    "hidden_weights": "--hidden",
    "output_weights": "--output",
    "target": "--target",
    "learning_rate": "--learning-rate",
    "steps": "--steps",
}
_ORIGINS = ("legible", "reconstructed", "assumed")
_ORIGINS_IN_WORDS = (
    "legible: can be read in the assignment; reconstructed: chosen so that what can be read comes out; "
    "assumed: no trace of it in the assignment"
)
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def backprop(
    inputs: Annotated[str, typer.Option(metavar="1,2", help="The inputs, i₁, i₂, …")] = "1,2",
    hidden: Annotated[
        str,
        typer.Option(
            metavar="'.5,.7;.3,.4'",
            help="The weights of the hidden units: one row for each unit, one weight for each input in it. "
            "Rows are parted by ';', so quote them: to a shell ';' ends the command.",
        ),
    ] = ".5,.7;.3,.4",
    output: Annotated[
        str, typer.Option(metavar="1,.5", help="The weights of the output, one for each hidden unit.")
    ] = "1,.5",
    target: Annotated[str, typer.Option(metavar="1", help="The target y: what the output should be.")] = "1",
    learning_rate: Annotated[str, typer.Option(metavar="0.5", help="The learning rate α.")] = "0.5",
    steps: Annotated[str, typer.Option(metavar="100", help="How many steps to descend at the end.")] = "100",
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON instead.")] = False,
) -> None:
    r"""Work one step of back-propagation by hand, line by line, and check it in two other ways.

    The network has any number of inputs, linear hidden units, one
    sigmoid output o, and no biases. The cost of its one example is
    J = (o − y)²/2. Every line shows its formula, the numbers put in, and
    what comes out. Without options it is the assignment's example.

    Numbers of your own: three inputs, one hidden unit, target 0

      python -m pipeline backprop --inputs 1,0,-1 --hidden .2,.4,.6 \
        --output 2 --target 0
    """
    # Typer would turn numbers down in its own words and in a box; here every mistake gets one sentence.
    settings = _settings(
        {
            "inputs": _numbers("--inputs", inputs, "1,2"),
            "hidden_weights": [_numbers("--hidden", row, "'.5,.7;.3,.4'") for row in hidden.strip(" ;").split(";")],
            "output_weights": _numbers("--output", output, "1,.5"),
            "target": _number("--target", target, "1"),
            "learning_rate": _number("--learning-rate", learning_rate, "0.5"),
            "steps": _whole_number("--steps", steps, "100"),
        }
    )
    if as_json:
        typer.echo(json.dumps(calculation.result(settings), indent=2, ensure_ascii=False, allow_nan=False))
        return
    _print(settings)


def _numbers(option: str, text: str, example: str) -> list[float]:
    return [_number(option, part, example) for part in text.split(",")]


def _number(option: str, text: str, example: str) -> float:
    try:
        return float(text)
    except ValueError:
        problem = f"{text.strip()!r} is not a number" if text.strip() else "a number is missing"
        raise SettingsError(f"{option}: {problem}; write it like {option} {example}.") from None


def _whole_number(option: str, text: str, example: str) -> int:
    number = _number(option, text, example)
    if not number.is_integer():
        raise SettingsError(f"{option}: {text.strip()} is not a whole number; write it like {option} {example}.")
    return int(number)


def _settings(values: dict[str, Any]) -> BackpropSettings:
    """Return validated settings; what is said of the assignment's numbers is said of its own network only."""
    values |= {"adam_learning_rate": ASSIGNMENT.adam_learning_rate}
    try:
        settings = BackpropSettings.model_validate(values)
        if _network(settings) != _network(ASSIGNMENT):
            return settings
        return BackpropSettings.model_validate(ASSIGNMENT.model_dump() | values)
    except ValidationError as error:
        raise SettingsError(_sentence(dict(error.errors()[0]))) from None


def _network(settings: BackpropSettings) -> tuple[object, ...]:
    return settings.inputs, settings.hidden_weights, settings.output_weights, settings.target


def _sentence(detail: dict[str, Any]) -> str:
    if detail["type"] == "value_error":
        message = str(detail["ctx"]["error"])
        for name, option in _OPTIONS.items():
            message = message.replace(name, option) if "_" in name else message
        return f"{message}."
    option = _OPTIONS[detail["loc"][0]]
    if detail["type"] == "too_long":
        most, found = detail["ctx"]["max_length"], len(detail["input"])
        return f"{option}: it should have at most {most} items, not {found}."
    return f"{option}: found {detail['input']}; {detail['msg'].replace('Input should be', 'it must be')}."


def _print(settings: BackpropSettings) -> None:
    console = Console(highlight=False)
    steps = calculation.worked_example(settings)
    for phase, title in _TITLES.items():
        console.print(_phase_table(title, [step for step in steps if step.phase == phase]), "")
        if phase == "given" and any(step.origin in _ORIGINS for step in steps):
            console.print(_ORIGINS_IN_WORDS, "", sep="\n")
    console.print(_gradient_table(calculation.compare_gradients(settings)), "")
    console.print(f"[bold]J after {settings.steps} steps[/bold]")
    for curve in calculation.curves(settings):
        label = f"{curve['rule']}, α = {curve['learning_rate']:g}"
        console.print(f"  {label}: {_plain_number(curve['costs'][0])} → {_plain_number(curve['costs'][-1])}")


def _phase_table(title: str, steps: list[calculation.Step]) -> Table:
    given = steps[0].phase == "given"
    table = _empty_table(title)
    table.add_column("symbol", no_wrap=True)
    for name in () if given else ("formula", "numbers put in"):
        table.add_column(name)
    table.add_column("value", justify="right", no_wrap=True)
    with_origin = any(step.origin in _ORIGINS for step in steps)
    if with_origin:
        table.add_column("source", no_wrap=True)
    for step in steps:
        middle = () if given else (plain(step.formula), plain(step.numbers))
        origin = (step.origin,) if with_origin else ()
        table.add_row(plain(step.latex), *middle, _plain_number(step.value), *origin)
    return table


def _gradient_table(rows: Iterable[calculation.GradientRow]) -> Table:
    table = _empty_table("The gradients in three ways, and how far off the two others are")
    table.add_column("gradient", no_wrap=True)
    for name in ("by hand", "autograd", "off by", "finite differences", "off by"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            plain(row.latex),
            _plain_number(row.by_hand),
            _plain_number(row.autograd),
            _plain_number(float(f"{row.autograd_difference:.1e}")),
            _plain_number(row.finite_differences),
            _plain_number(float(f"{row.finite_differences_difference:.1e}")),
        )
    return table


def _empty_table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        header_style="dim",
    )


def _plain_number(value: float) -> str:
    return plain(calculation.latex_number(value))


def plain(latex: str) -> str:
    r"""Return a formula of the worked example for the terminal: ``\alpha \cdot w_1`` as ``α · w₁``."""
    text = re.sub(r"10\^\{(-?\d+)\}", lambda match: "10" + match[1].translate(_SUPERSCRIPTS), latex)
    text = re.sub(r"_(?:\{(\d+)\}|(\d))", lambda match: (match[1] or match[2]).translate(_SUBSCRIPTS), text)
    text = re.sub(r"\(\{([^{}]*)\}\)", r"(\1)", text)
    text = re.sub(r"e\^\{([^{}]*)\}", r"e^(\1)", text)
    text = re.sub(r"\\dfrac\{1\}\{([^{}]*)\}", r"1/(\1)", text)
    text = re.sub(r"\\dfrac\{([^{}]*)\}\{([^{}]*)\}", r"\1/\2", text)
    for command, character in ((r"\partial ", "∂"), (r"\alpha", "α"), (r" \cdot ", " · "), ("^2", "²")):
        text = text.replace(command, character)
    return text.replace("-", "−").replace("'", "′")
