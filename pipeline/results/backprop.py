"""``results/backprop.json``: the worked back-propagation example, every line written for page and terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from pipeline.results.document import Document, Record

Phase: TypeAlias = Literal["given", "forward", "backward", "update", "after"]
Origin: TypeAlias = Literal["legible", "reconstructed", "assumed", "given", "computed"]
Rule: TypeAlias = Literal["gradient descent", "Adam"]


class Formula(Record):
    """A formula or number in LaTeX for the report, and in Unicode on one line for the terminal."""

    latex: str = ""
    text: str = ""


class Step(Record):
    """One line of the calculation; phase ``after`` is the forward pass with the new weights."""

    phase: Phase
    symbol: str  # plain: h1, dJ/dw1, w1' for a new value
    name: Formula  # the symbol as people write it
    formula: Formula  # the right-hand side; empty for given values
    numbers: Formula  # the same with values put in
    value: float
    origin: Origin


class Gradient(Record):
    """∂J/∂w of one weight, found in three ways; the differences are relative to the largest gradient by hand."""

    symbol: str
    name: Formula
    by_hand: float
    autograd: float
    finite_differences: float
    autograd_difference: float
    finite_differences_difference: float


class Slip(Record):
    """A line as the assignment wrote it, which is not what it meant; the step of the same symbol is right."""

    symbol: str
    formula: Formula
    numbers: Formula
    value: float


class Trace(Record):
    """What is left of a number that cannot be read as a whole, and the number that stands for it here."""

    read: str  # a phrase: "a gradient near −0.03"
    name: Formula
    value: float
    fits: bool


class Curve(Record):
    """J before any step and after each step."""

    rule: Rule
    learning_rate: float
    costs: tuple[float, ...]


class Network(Record):
    """How many inputs and linear hidden units there are."""

    inputs: int
    hidden: int


class WorkedExample(Document):
    """One step of back-propagation line by line, its gradients checked, and J over many steps.

    ``contradicted`` holds, by symbol, what can be read in the assignment but does not follow from these settings.
    ``slips`` and ``traces`` are empty for numbers that are not the assignment's.
    """

    PATH = Path("results/backprop.json")

    network: Network
    steps: tuple[Step, ...]
    gradients: tuple[Gradient, ...]
    curves: tuple[Curve, ...]
    contradicted: dict[str, float]
    slips: tuple[Slip, ...] = ()
    traces: tuple[Trace, ...] = ()


def number(value: float, digits: int = 6) -> Formula:
    r"""Write a number to some significant digits: ``-1.5 \cdot 10^{-7}`` and ``−1.5e−07``."""
    text = f"{value + 0.0:.{digits}g}"  # + 0.0 turns -0 into 0
    mantissa, _, exponent = text.partition("e")
    latex = rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa
    return Formula(latex=latex, text=text.replace("-", "−"))
