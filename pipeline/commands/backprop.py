"""The worked back-propagation example in the terminal, with any numbers."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from pipeline.backprop.settings import ASSIGNMENT, BackpropSettings
from pipeline.project.errors import SettingsError
from pipeline.project.wording import shortened
from pipeline.results.backprop import Formula, number

if TYPE_CHECKING:
    from pipeline.results.backprop import WorkedExample

_TITLES = {
    "given": "Given",
    "forward": "Forward: from the inputs to the cost",
    "backward": "Backward: from the cost to every weight",
    "update": "One step of gradient descent: w ← w − α · ∂J/∂w",
    "after": "Forward again, with the new weights",
}
_ORIGINS = (
    "legible: can be read in the assignment; reconstructed: chosen so that what can be read comes out; "
    "assumed: no trace of it in the assignment"
)
_LEFT = ("symbol", "formula", "numbers put in", "source", "gradient", "what was written", "what is right")
_OPTIONS = {"hidden_weights": "--hidden", "output_weights": "--output", "learning_rate": "--learning-rate"}


def backprop(
    inputs: Annotated[str | None, typer.Option(metavar="1,2", help="The inputs, i₁, i₂, …")] = None,
    hidden: Annotated[
        str | None,
        typer.Option(
            metavar="'.5,.7;.3,.4'",
            help="The weights of the hidden units: one row for each unit, one weight for each input in it. "
            "Separate rows by ';' and quote them: to a shell ';' ends the command.",
        ),
    ] = None,
    output: Annotated[
        str | None, typer.Option(metavar="1,.5", help="The weights of the output, one for each hidden unit.")
    ] = None,
    target: Annotated[float, typer.Option(help="The target y: what the output should be.")] = ASSIGNMENT.target,
    learning_rate: Annotated[float, typer.Option(help="The learning rate α.")] = ASSIGNMENT.learning_rate,
    steps: Annotated[int, typer.Option(help="How many steps to descend at the end.")] = ASSIGNMENT.steps,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON instead.")] = False,
) -> None:
    r"""Work one step of back-propagation by hand, line by line, and check it in two other ways.

    The network has any number of inputs and linear hidden units (up to 8
    each), one sigmoid output o, and no biases. The cost of its one example is
    J = (o − y)²/2. Every line shows its formula, the numbers put in, and
    the value. Without options it is the assignment's example.

    Numbers of your own: three inputs, one hidden unit, target 0

      optimizer-study backprop --inputs 1,0,-1 --hidden .2,.4,.6 \
        --output 2 --target 0
    """
    values: dict[str, Any] = {"target": target, "learning_rate": learning_rate, "steps": steps}
    if inputs is not None:
        values["inputs"] = _numbers("--inputs 1,2", inputs)
    if hidden is not None:
        values["hidden_weights"] = [_numbers("--hidden '.5,.7;.3,.4'", row) for row in hidden.strip(" ;").split(";")]
    if output is not None:
        values["output_weights"] = _numbers("--output 1,.5", output)
    settings = _settings(values)
    from pipeline.backprop.example import worked_example  # loads torch and sympy, which take seconds

    example = worked_example(settings)
    if as_json:
        typer.echo(json.dumps(example.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(example)


def _numbers(usage: str, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        option = usage.partition(" ")[0]
        raise SettingsError(f"{option}: {text!r} is not a list of numbers; write it like {usage}.") from None


def _settings(values: dict[str, Any]) -> BackpropSettings:
    """Return validated settings; what is said of the assignment's numbers holds for its own network only."""
    wanted = ASSIGNMENT.model_dump() | values
    try:
        settings = BackpropSettings.model_validate(wanted | {"legible": {}, "reconstructed": {}, "assumed": {}})
    except ValidationError as error:
        raise SettingsError(_sentence(dict(error.errors()[0]))) from None
    network = {"inputs", "hidden_weights", "output_weights", "target"}
    if settings.model_dump(include=network) != ASSIGNMENT.model_dump(include=network):
        return settings
    return BackpropSettings.model_validate(wanted)


def _sentence(detail: dict[str, Any]) -> str:
    if detail["type"] != "value_error":
        name = detail["loc"][0]
        message = detail["msg"].replace("Input should be", "it must be")
        return f"{_OPTIONS.get(name, f'--{name}')}: found {shortened(detail['input'])}; {message}."
    sentence = str(detail["ctx"]["error"])
    for name, option in _OPTIONS.items():
        sentence = sentence.replace(name, option)
    return f"{sentence}."


def _print(example: WorkedExample) -> None:
    console = Console(highlight=False)
    for phase, group in groupby(example.steps, key=lambda step: step.phase):
        steps = list(group)
        with_origin = any(step.origin != "computed" for step in steps)
        rows: list[tuple[Formula, ...]] = [
            (step.name, step.formula, step.numbers, number(step.value), Formula(text=step.origin * with_origin))
            for step in steps
        ]
        console.print(_table(_TITLES[phase], ("symbol", "formula", "numbers put in", "value", "source"), rows), "")
    if any(step.origin not in ("given", "computed") for step in example.steps):
        console.print(_ORIGINS, "", sep="\n")
    if example.slips:
        console.print(_slips_table(example), "")
    rows = []
    for row in example.gradients:
        autograd, differences = row.autograd_difference, row.finite_differences_difference
        values = (row.by_hand, row.autograd, autograd, row.finite_differences, differences)
        rows.append((row.name, *map(number, values)))
    header = ("gradient", "by hand", "autograd", "off by", "finite differences", "off by")
    console.print(_table("The gradients in three ways, and how far off the two others are", header, rows), "")
    console.print(f"[bold]J after {len(example.curves[0].costs) - 1} steps[/bold]")
    for curve in example.curves:
        first, last = (number(curve.costs[place]).text for place in (0, -1))
        console.print(f"  {curve.rule}, α = {curve.learning_rate:g}: {first} → {last}")


def _slips_table(example: WorkedExample) -> Table:
    steps = {step.symbol: step for step in example.steps}
    pairs = [(slip, steps[slip.symbol]) for slip in example.slips]
    rows: list[tuple[Formula, ...]] = [
        (right.name, slip.formula, number(slip.value), right.formula, number(right.value)) for slip, right in pairs
    ]
    header = ("symbol", "what was written", "its value", "what is right", "its value")
    return _table("Two slips in the assignment", header, rows)


def _table(title: str, header: tuple[str, ...], rows: list[tuple[Formula, ...]]) -> Table:
    """Return a table without its empty columns; what is not a number stands on the left."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    columns = [place for place in range(len(header)) if any(row[place].text for row in rows)]
    for place in columns:
        table.add_column(header[place], justify="left" if header[place] in _LEFT else "right")
    for row in rows:
        table.add_row(*(row[place].text for place in columns))
    return table
