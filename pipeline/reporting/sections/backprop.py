"""Question 4: one step of back-propagation by hand, checked by autograd and by finite differences."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from pipeline.backprop.example import latex_number, latex_symbol
from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Bullets, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.plots import backprop_descent, backprop_network

_MEANINGS = {
    "legible": "can be read in the assignment",
    "reconstructed": "chosen so that what can be read comes out",
    "assumed": "no trace of it in the assignment",
    "given": "set in `params.yaml`",
    "computed": "follows from the values above",
}
_ROLES = {"i": "inputs", "w": "weights", "y": "target", "a": "learning rate"}


def build(results: dict[str, Any]) -> list[Item]:
    """Return the section.

    Parameters
    ----------
    results
        What `pipeline.backprop.example.result` returns.
    """
    phases = {phase: list(steps) for phase, steps in groupby(results["steps"], key=lambda step: step["phase"])}
    values = {step["symbol"]: step["value"] for step in results["steps"]}
    return [
        Heading("Back-propagation, worked by hand", "backprop"),
        Paragraph(_introduction(results["network"])),
        _given_table(phases["given"]),
        *_origins(results),
        _network_picture(results),
        Heading("Forward: from the inputs to the cost", "backprop-forward", 3),
        _steps_table(phases["forward"]),
        Heading("Backward: from the cost to every weight", "backprop-backward", 3),
        Paragraph(
            "The chain rule, one link at a time. What reaches $z$ is needed by every weight before it, so it "
            "is computed once. A weight's gradient is what arrives at its end times what left its start."
        ),
        _steps_table(phases["backward"]),
        Heading("One step downhill", "backprop-update", 3),
        Paragraph(r"Each weight goes against its gradient: $w \leftarrow w - \alpha \cdot \partial J / \partial w$."),
        _steps_table(phases["update"]),
        Paragraph(_after(values)),
        _steps_table(phases["after"]),
        Heading("The same gradients, found in three ways", "backprop-check", 3),
        Paragraph(_agreement(results["gradients"])),
        _gradients_table(results["gradients"]),
        Heading("Many steps, and Adam beside them", "backprop-descent", 3),
        _descent_picture(results),
        Paragraph(_lesson(results["curves"])),
        Paragraph(
            "Numbers of your own: `python -m pipeline backprop --help` says how to get the same tables in "
            "the terminal, and `backprop` in `params.yaml` changes them here."
        ),
    ]


def _introduction(network: dict[str, int]) -> str:
    return (
        f"The network has {_count(network['inputs'], 'input')}, "
        f"{_count(network['hidden'], 'linear hidden unit')} and a "
        r"sigmoid output $o = \sigma(z)$, no biases. Its cost on one example with target $y$ is "
        r"$J = (o - y)^2 / 2$. Back-propagation answers one question for every weight: how much does $J$ "
        r"change if this weight changes a little? That is $\partial J / \partial w$. "
        "A step of gradient descent then moves every weight the way that lowers $J$."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _given_table(steps: list[dict[str, Any]]) -> Table:
    rows = []
    for (role, origin), group in groupby(steps, key=lambda step: (_ROLES[step["symbol"][0]], step["origin"])):
        members = list(group)
        rows.append(
            (
                role,
                f"${', '.join(step['latex'] for step in members)}$",
                f"${', '.join(latex_number(step['value']) for step in members)}$",
                f"**{origin}**: {_MEANINGS[origin]}",
            )
        )
    return Table(("what", "symbol", "value", "where it comes from"), tuple(rows), "llll", "The given numbers.")


def _origins(results: dict[str, Any]) -> list[Item]:
    """Say what the assignment prints, and whether these numbers reproduce it."""
    legible = [step for step in results["steps"] if step["origin"] == "legible"]
    entries = []
    if legible:
        read = ", ".join(f"${step['latex']} = {latex_number(step['value'])}$" for step in legible)
        entries.append(
            f"Legible in the assignment: {read}, the cost $J = (o - y)^2 / 2$ and the rule "
            r"$w \leftarrow w - \alpha \cdot \partial J / \partial w$."
        )
    reconstructed = [step["latex"] for step in results["steps"] if step["origin"] == "reconstructed"]
    if reconstructed:
        entries.append(
            f"Reconstructed: ${', '.join(reconstructed)}$. They reproduce what can be read, but so would "
            "others: do not take them for the assignment's own."
        )
    assumed = [f"${step['latex']}$" for step in results["steps"] if step["origin"] == "assumed"]
    if assumed:
        entries.append(f"Assumed: {', '.join(assumed)}. The method is the same for any value.")
    values = {step["symbol"]: step["value"] for step in results["steps"]}
    entries += [
        f"**Not the assignment's numbers**: it prints ${latex_symbol(symbol)} = {latex_number(printed)}$, "
        f"these settings give ${latex_number(values[symbol])}$."
        for symbol, printed in results["contradicted"].items()
    ]
    return [Bullets(tuple(entries))] if entries else []


def _steps_table(steps: list[dict[str, Any]]) -> Table:
    """Return the lines of a phase; the origin is a column where the assignment prints one of the values."""
    with_origin = any(step["origin"] != "computed" for step in steps)
    header = ("symbol", "formula", "numbers put in", "value")
    rows = [
        (
            f"${step['latex']}$",
            f"${step['formula']}$",
            f"${step['numbers']}$",
            f"${latex_number(step['value'])}$",
        )
        for step in steps
    ]
    if not with_origin:
        return Table(header, tuple(rows), "lllr")
    rows_with_origin = tuple((*row, step["origin"]) for row, step in zip(rows, steps, strict=True))
    return Table((*header, "source"), rows_with_origin, "lllrl")


def _after(values: dict[str, float]) -> str:
    after = values["J'"]
    return (
        "The forward pass again with the new weights, marked by a prime: $J$ goes from "
        f"${latex_number(values['J'])}$ to ${latex_number(after)}$."
    )


def _agreement(gradients: list[dict[str, Any]]) -> str:
    autograd = max(row["autograd_difference"] for row in gradients)
    differences = max(row["finite_differences_difference"] for row in gradients)
    return (
        "Two checks of the calculation by hand, in float64. `torch.autograd` applies the chain rule by "
        "machine; central finite differences know no chain rule and just try both sides: "
        r"$\partial J / \partial w \approx (J(w + \varepsilon) - J(w - \varepsilon)) / (2 \varepsilon)$. "
        f"Relative to the largest gradient, autograd is off by {_difference(autograd)} at most and finite "
        f"differences by {_difference(differences)} (the project's tests allow $10^{{-12}}$ and $10^{{-6}}$)."
    )


def _gradients_table(gradients: list[dict[str, Any]]) -> Table:
    return Table(
        (
            "gradient",
            "by hand",
            "autograd",
            "finite differences",
            "autograd off by",
            "finite differences off by",
        ),
        tuple(
            (
                f"${row['latex']}$",
                *(_precise(row[name]) for name in ("by_hand", "autograd", "finite_differences")),
                _difference(row["autograd_difference"]),
                _difference(row["finite_differences_difference"]),
            )
            for row in gradients
        ),
        "lrrrrr",
    )


def _precise(value: float) -> str:
    """Return a number to twelve significant digits, so that differences show."""
    mantissa, _, exponent = f"{value + 0.0:#.12g}".partition("e")
    return f"${mantissa} \\cdot 10^{{{int(exponent)}}}$" if exponent else f"${mantissa}$"


def _difference(value: float) -> str:
    if value == 0:
        return "$0$"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"${mantissa} \\cdot 10^{{{int(exponent)}}}$"


def _network_picture(results: dict[str, Any]) -> Picture:
    values = {step["symbol"]: latex_number(step["value"]) for step in results["steps"]}
    return Picture(
        "backprop_network",
        to_svg(backprop_network.draw(backprop_network.data(results))),
        f"The network, drawn twice. Forward: inputs on the left, weights on the edges, z = {values['z']}, "
        f"o = {values['o']} and J = {values['J']} on the right. Backward: the gradients of all weights.",
        "The network of the example. Forward, a node holds its value and an edge its weight; backward, a "
        "node holds the gradient that arrives at it and an edge the gradient of its weight.",
    )


def _descent_picture(results: dict[str, Any]) -> Picture:
    steps = len(results["curves"][0]["costs"]) - 1
    return Picture(
        "backprop_descent",
        to_svg(backprop_descent.draw(backprop_descent.data(results))),
        f"The cost J over {steps} steps: " + "; ".join(map(_curve_in_words, results["curves"])) + ".",
        f"The cost $J$ of the example over {steps} steps. A curve that leaves the picture at the bottom has "
        "come below a hundred-thousandth of the highest cost.",
    )


def _curve_in_words(curve: dict[str, Any]) -> str:
    return f"{curve['rule']} with learning rate {curve['learning_rate']:g} ends at {curve['costs'][-1]:.2g}"


def _lesson(curves: list[dict[str, Any]]) -> str:
    ends = ", ".join(
        f"{curve['rule']} with $\\alpha = {latex_number(curve['learning_rate'])}$ at {_end(curve['costs'][-1])}"
        for curve in curves
    )
    return (
        f"After the last step $J$ stands: {ends}. A learning rate means different things to the two. "
        r"Gradient descent moves a weight by $\alpha$ times its gradient, which is small where the sigmoid "
        r"is flat; Adam divides by the gradient's own size, so that its first step moves every weight by "
        r"about $\alpha$. Which of the two looks faster therefore depends on the learning rates one happens "
        "to choose, and the study tunes every optimizer's before it compares them. (On one example a large "
        "step in the right direction costs nothing; on many examples that disagree it does.)"
    )


def _end(cost: float) -> str:
    return f"${latex_number(float(f'{cost:.2g}'))}$" if cost else "$0$ to machine precision"
