"""How the assignment wrote its example: two slips of the pen, and traces of the numbers that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympy import Add, Expr, Float, Mul, Symbol, symbols

from pipeline.backprop.by_hand import formula, put_in
from pipeline.project.numbers import rounded
from pipeline.results.backprop import Formula, Slip, Step, Trace

if TYPE_CHECKING:
    from pipeline.backprop.settings import BackpropSettings

_DIGITS = 12


def slips(settings: BackpropSettings, steps: list[Step]) -> tuple[Slip, ...]:
    """Return the lines that the assignment wrote otherwise than it meant; none for numbers that are not its own."""
    if not _shows_its_numbers(settings):
        return ()
    names = {Symbol(step.symbol): step.name for step in steps}
    values = {Symbol(step.symbol): step.value for step in steps}
    numbers = {symbol: put_in(value) for symbol, value in values.items()}
    return tuple(
        Slip(
            symbol=symbol,
            formula=formula(expression, names),
            numbers=formula(expression, numbers),
            value=rounded(float(expression.xreplace({name: Float(value) for name, value in values.items()})), _DIGITS),
        )
        for symbol, expression in _slips().items()
    )


def _slips() -> dict[str, Expr]:
    i1, w1, w2, o, z = symbols("i1 w1 w2 o z")
    both = (Mul(weight, i1, evaluate=False) for weight in (w1, w2))
    # i₁ twice where the second is i₂; and 1 − z where 1 − σ(z) is meant
    return {"h1": Add(*both, evaluate=False), "do/dz": o * (1 - z)}


def traces(settings: BackpropSettings, steps: list[Step]) -> tuple[Trace, ...]:
    """Return what is left of the numbers behind h1 and h2, beside the ones that stand here."""
    if not _shows_its_numbers(settings):
        return ()
    lines = {step.symbol: step for step in steps}
    weight, z, output, gradient = (lines[symbol].value for symbol in ("w5", "z", "o", "dJ/dw5"))
    one_less = Formula(latex="1 - o", text="1 − o")
    found = (
        ("a weight that begins with a decimal point", lines["w5"].name, weight, 0 < weight < 1),
        ("a weighted sum z with two decimals, the second of them 5", lines["z"].name, z, _ends_in_five(z)),
        ("a value of 1 − o near 0.14", one_less, 1 - output, round(1 - output, 2) == 0.14),
        ("a gradient near −0.03", lines["dJ/dw5"].name, gradient, round(gradient, 2) == -0.03),
    )
    return tuple(
        Trace(read=read, name=name, value=rounded(value, _DIGITS), fits=fits) for read, name, value, fits in found
    )


def _shows_its_numbers(settings: BackpropSettings) -> bool:
    return bool(settings.legible) and (len(settings.inputs), len(settings.hidden_weights)) == (2, 2)


def _ends_in_five(value: float) -> bool:
    hundredths = round(value * 100)
    return abs(value * 100 - hundredths) < 1e-9 and hundredths % 10 == 5
