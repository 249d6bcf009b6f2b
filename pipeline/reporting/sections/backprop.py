"""Question 4: one step of back-propagation by hand, checked by autograd and by finite differences."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting.items import Bullets, Folded, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.plots import backprop_descent, backprop_network
from pipeline.results.backprop import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.results.backprop import Curve, Gradient, Network, Slip, Step, WorkedExample

_MEANINGS = {
    "legible": "can be read in the assignment",
    "reconstructed": "chosen so that what can be read comes out",
    "assumed": "no trace of it in the assignment",
    "given": "set in `params.yaml`",
}
_SLIPS = {
    "h1": "The sum of the first hidden unit was written with $i_1$ twice; its second input is $i_2$.",
    "do/dz": "One formula of a gradient has $1 - z$ where $1 - \\sigma(z)$ is meant, which is $1 - o$.",
}
_ROLES = {"i": "inputs", "w": "weights", "y": "target", "a": "learning rate"}


def build(example: WorkedExample) -> list[Item]:
    """Return the section."""
    phases = {phase: list(steps) for phase, steps in groupby(example.steps, key=lambda step: step.phase)}
    before, after = (phases[phase][-1].value for phase in ("forward", "after"))
    return [
        Heading("Back-propagation, worked by hand", "backprop"),
        Paragraph(_introduction(example.network)),
        _given_table(phases["given"]),
        *_origins(example),
        _network_picture(example),
        Paragraph(f"One step downhill takes $J$ from {_shown(before)} to {_shown(after)}."),
        *_folds(example, phases),
        Paragraph(
            "For numbers of your own, `python -m pipeline backprop --help` says how to get the same tables in "
            "the terminal, and `backprop` in `params.yaml` changes them here."
        ),
    ]


def _folds(example: WorkedExample, phases: Mapping[str, Sequence[Step]]) -> list[Item]:
    """Return every line of the calculation, its checks, and what follows from it, on demand."""
    backward = (
        "The chain rule, one link at a time. What reaches $z$ is needed by every weight before it, so it is computed "
        "once. A weight's gradient is what arrives at its end times what left its start."
    )
    update = (
        Paragraph(r"Each weight goes against its gradient: $w \leftarrow w - \alpha \cdot \partial J / \partial w$."),
        _steps_table(phases["update"]),
        Paragraph("The forward pass again with the new weights, marked by a prime:"),
        _steps_table(phases["after"]),
    )
    check = (Paragraph(_agreement(example.gradients)), _gradients_table(example.gradients))
    many = (_descent_picture(example), Paragraph(_lesson(example.curves)))
    folds: dict[str, tuple[str, tuple[Item, ...]]] = {
        "traces": ("Why these numbers", tuple(_traces(example))),
        "forward": ("Forward: from the inputs to the cost", (_steps_table(phases["forward"]),)),
        "backward": (
            "Backward: from the cost to every weight",
            (Paragraph(backward), _steps_table(phases["backward"])),
        ),
        "slips": ("Two slips in the assignment", tuple(_slips(example))),
        "update": ("One step downhill", update),
        "check": ("The same gradients, found in three ways", check),
        "descent": ("Many steps, and Adam beside them", many),
    }
    return [Folded(title, items, f"backprop-{name}") for name, (title, items) in folds.items() if items]


def _introduction(network: Network) -> str:
    return (
        f"The network has {counted(network.inputs, 'input')}, {counted(network.hidden, 'linear hidden unit')} and a "
        r"sigmoid output $o = \sigma(z)$, no biases. Its cost on one example with target $y$ is "
        r"$J = (o - y)^2 / 2$. Back-propagation answers one question for every weight: how much does $J$ "
        r"change if this weight changes a little? That is $\partial J / \partial w$. "
        "A step of gradient descent then moves every weight the way that lowers $J$."
    )


def _given_table(steps: Sequence[Step]) -> Table:
    rows = []
    for (role, origin), group in groupby(steps, key=lambda step: (_ROLES[step.symbol[0]], step.origin)):
        members = list(group)
        values = ", ".join(number(step.value).latex for step in members)
        rows.append((role, _names(members), f"${values}$", f"**{origin}**: {_MEANINGS[origin]}"))
    return Table(("what", "symbol", "value", "where it comes from"), tuple(rows), "llll", "The given numbers.")


def _origins(example: WorkedExample) -> list[Item]:
    """Say what the assignment prints, and whether these numbers reproduce it."""
    legible, reconstructed, assumed = (
        [step for step in example.steps if step.origin == origin] for origin in ("legible", "reconstructed", "assumed")
    )
    entries = []
    if legible:
        read = ", ".join(f"${step.name.latex} = {number(step.value).latex}$" for step in legible)
        entries.append(
            f"Legible in the assignment: {read}, the cost $J = (o - y)^2 / 2$ and the rule "
            r"$w \leftarrow w - \alpha \cdot \partial J / \partial w$."
        )
    if reconstructed:
        entries.append(
            f"Reconstructed: {_names(reconstructed)}. They reproduce what can be read, but so would "
            "others: do not take them for the assignment's own."
        )
    if assumed:
        entries.append(f"Assumed: {_names(assumed)}. The method is the same for any value.")
    entries += [
        f"**Not the assignment's numbers**: it prints ${step.name.latex} = "
        f"{number(example.contradicted[step.symbol]).latex}$, these settings give {_shown(step.value)}."
        for step in example.steps
        if step.symbol in example.contradicted
    ]
    return [Bullets(tuple(entries))] if entries else []


def _traces(example: WorkedExample) -> list[Item]:
    """Say why the reconstructed numbers are these: which traces of others they fit."""
    if not example.traces:
        return []
    rows = [
        (trace.read, f"${trace.name.latex} = {number(trace.value).latex}$", "yes" if trace.fits else "**no**")
        for trace in example.traces
    ]
    why = (
        "Other weights of the output would go with the same hidden units. These were chosen because of what can still "
        "be read in part."
    )
    return [Paragraph(why), Table(("can be read in part", "here", "fits"), tuple(rows), "lll")]


def _slips(example: WorkedExample) -> list[Item]:
    """Say what the assignment wrote in two places, and what is right."""
    if not example.slips:
        return []
    steps = {step.symbol: step for step in example.steps}
    rows = [
        (
            f"${steps[slip.symbol].name.latex}$",
            f"${slip.formula.latex}$",
            _shown(slip.value),
            f"${steps[slip.symbol].formula.latex}$",
            _shown(steps[slip.symbol].value),
        )
        for slip in example.slips
    ]
    header = ("symbol", "what was written", "its value", "what is right", "its value")
    return [
        Paragraph(
            "Two lines of the assignment say something else than they mean. The tables here have the right ones."
        ),
        Table(header, tuple(rows), "llrlr"),
        Bullets(tuple(_SLIPS[slip.symbol] + _consequence(slip, steps[slip.symbol]) for slip in example.slips)),
    ]


def _consequence(slip: Slip, right: Step) -> str:
    if right.origin == "legible":
        return (
            f" Only the line is wrong: the number that the assignment prints, {_shown(right.value)}, is the right one."
        )
    if slip.value * right.value < 0:
        return " With the wrong line that gradient has the other sign, and its weight would move uphill."
    return ""


def _steps_table(steps: Sequence[Step]) -> Table:
    """Return the lines of a phase; the origin is a column where the assignment prints one of the values."""
    with_origin = any(step.origin != "computed" for step in steps)
    rows = [
        (f"${step.name.latex}$", f"${step.formula.latex}$", f"${step.numbers.latex}$", _shown(step.value), step.origin)
        for step in steps
    ]
    header, width = ("symbol", "formula", "numbers put in", "value", "source"), 5 if with_origin else 4
    return Table(header[:width], tuple(row[:width] for row in rows), "lllrl"[:width])


def _agreement(gradients: Sequence[Gradient]) -> str:
    autograd = max(row.autograd_difference for row in gradients)
    differences = max(row.finite_differences_difference for row in gradients)
    return (
        "Two checks of the calculation by hand, in float64. `torch.autograd` applies the chain rule by "
        "machine; central finite differences know no chain rule and just try both sides: "
        r"$\partial J / \partial w \approx (J(w + \varepsilon) - J(w - \varepsilon)) / (2 \varepsilon)$. "
        f"Relative to the largest gradient, autograd is off by {_shown(autograd)} at most and finite "
        f"differences by {_shown(differences)} (the project's tests allow $10^{{-12}}$ and $10^{{-6}}$)."
    )


def _gradients_table(gradients: Sequence[Gradient]) -> Table:
    ways = ("by hand", "autograd", "finite differences")
    rows = [
        (
            f"${row.name.latex}$",
            *(_shown(value, 12) for value in (row.by_hand, row.autograd, row.finite_differences)),
            _shown(row.autograd_difference),
            _shown(row.finite_differences_difference),
        )
        for row in gradients
    ]
    return Table(("gradient", *ways, "autograd off by", "finite differences off by"), tuple(rows), "lrrrrr")


def _network_picture(example: WorkedExample) -> Picture:
    z, o, cost = (number(step.value).text for step in example.steps if step.symbol in ("z", "o", "J"))
    return Picture(
        "backprop_network",
        backprop_network.draw(backprop_network.data(example)),
        f"The network, drawn twice. Forward: inputs on the left, weights on the edges, z = {z}, "
        f"o = {o} and J = {cost} on the right. Backward: the gradients of all weights.",
        "The network of the example. Forward, a node holds its value and an edge its weight; backward, a "
        "node holds the gradient that arrives at it and an edge the gradient of its weight.",
        "Back-propagation, worked by hand",
        narrow=None,
    )


def _descent_picture(example: WorkedExample) -> Picture:
    steps = len(example.curves[0].costs) - 1
    ends = "; ".join(
        f"{curve.rule} with learning rate {curve.learning_rate:g} ends at {curve.costs[-1]:.2g}"
        for curve in example.curves
    )
    return Picture(
        "backprop_descent",
        backprop_descent.draw(backprop_descent.data(example)),
        f"The cost J over {steps} steps: {ends}.",
        f"The cost $J$ of the example over {steps} steps. A curve that leaves the picture at the bottom has "
        "come below a hundred-thousandth of the highest cost.",
        "The cost of the example, step by step",
    )


def _lesson(curves: Sequence[Curve]) -> str:
    ends = ", ".join(
        f"{curve.rule} with $\\alpha = {number(curve.learning_rate).latex}$ at "
        f"{_shown(curve.costs[-1], 2)}{'' if curve.costs[-1] else ' to machine precision'}"
        for curve in curves
    )
    return (
        f"After the last step $J$ stands: {ends}. A learning rate means different things to the two. "
        r"Gradient descent moves a weight by $\alpha$ times its gradient, which is small where the sigmoid "
        r"is flat; Adam divides by the gradient's own size, so that its first step moves every weight by "
        r"about $\alpha$. Which of the two looks faster therefore depends on the chosen learning rates, and so the "
        "study tunes the learning rate of every optimizer before it compares them. (On one example a large "
        "step in the right direction costs nothing; on many examples that disagree it does.)"
    )


def _names(steps: Sequence[Step]) -> str:
    return f"${', '.join(step.name.latex for step in steps)}$"


def _shown(value: float, digits: int = 6) -> str:
    return f"${number(value, digits).latex}$"
