"""One step of back-propagation as a person works it: forward, the chain rule link by link, new weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sympy import Add, Expr, Float, Mul, Symbol, diff, evaluate, exp, latex, pretty, simplify, sstr

from pipeline.backprop.settings import numbered
from pipeline.project.errors import SettingsError
from pipeline.results.backprop import Formula, Origin, Phase, Step, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.backprop.settings import BackpropSettings


def steps(settings: BackpropSettings) -> list[Step]:
    """Return every line with its value in float64; a `SettingsError` says where one overflows."""
    written = []
    values: dict[Symbol, Float] = {}
    names: dict[Symbol, Formula] = {}
    numbers: dict[Symbol, Formula] = {}
    lines = [(phase, *line) for phase, part in equations(settings).items() for line in part.items()]
    for phase, symbol, expression in lines:
        # numbers of sympy are rounded as float64 is, but do not overflow
        value = float(expression.xreplace(values))
        if not math.isfinite(value):
            raise SettingsError(
                f"backprop: {symbol} is too large for floating-point numbers: "
                "take smaller inputs, weights, target or learning rate."
            )
        values[symbol] = Float(value)
        step = Step(
            phase=phase,
            symbol=str(symbol),
            name=_name(str(symbol)),
            formula=formula(expression, names),
            numbers=formula(expression, numbers),
            value=value,
            origin=_origin(settings, phase, str(symbol), value),
        )
        names[symbol], numbers[symbol] = step.name, put_in(value)
        written.append(step)
    return written


def equations(settings: BackpropSettings) -> dict[Phase, dict[Symbol, Expr]]:
    """Return what every symbol equals, by phase, in the order in which a person works."""
    weights = settings.weights()
    inputs = zip(numbered("i", len(settings.inputs)), settings.inputs, strict=True)
    given = {**dict(inputs), **weights, "y": settings.target, "alpha": settings.learning_rate}
    forward = _forward(settings)
    return {
        "given": {Symbol(name): Float(value) for name, value in given.items()},
        "forward": forward,
        "backward": _backward([Symbol(name) for name in weights], forward),
        "update": {
            Symbol(f"{name}'"): Add(Symbol(name), -Symbol("alpha") * Symbol(f"dJ/d{name}"), evaluate=False)
            for name in weights
        },
        "after": _forward(settings, "'"),
    }


def _forward(settings: BackpropSettings, prime: str = "") -> dict[Symbol, Expr]:
    inputs = [Symbol(name) for name in numbered("i", len(settings.inputs))]
    hidden = [Symbol(name + prime) for name in numbered("h", len(settings.hidden_weights))]
    weights = [Symbol(name + prime) for name in settings.weights()]
    z, o, cost = (Symbol(name + prime) for name in "zoJ")
    width = len(inputs)
    sums = {unit: _weighted_sum(weights[k * width : (k + 1) * width], inputs) for k, unit in enumerate(hidden)}
    sums[z] = _weighted_sum(weights[-len(hidden) :], hidden)
    return {**sums, o: 1 / (1 + exp(-z)), cost: (o - Symbol("y")) ** 2 / 2}


def _weighted_sum(weights: Sequence[Symbol], values: Sequence[Symbol]) -> Expr:
    # unevaluated, so that terms and factors keep their order
    return Add(*(Mul(w, value, evaluate=False) for w, value in zip(weights, values, strict=True)), evaluate=False)


def _backward(weights: list[Symbol], forward: dict[Symbol, Expr]) -> dict[Symbol, Expr]:
    *hidden, z, o, cost = forward
    slope = diff(forward[o], z).subs(exp(-z), 1 / o - 1)  # written with o, which is known by then
    lines = {
        Symbol("dJ/do"): diff(forward[cost], o),
        Symbol("do/dz"): simplify(slope),
        Symbol("dJ/dz"): Mul(Symbol("dJ/do"), Symbol("do/dz"), evaluate=False),
    }
    for symbol in (*weights[-len(hidden) :], *hidden, *weights[: -len(hidden)]):
        # just one of the sums holds this symbol
        end = next(unit for unit in (z, *hidden) if forward[unit].has(symbol))
        lines[Symbol(f"dJ/d{symbol}")] = Mul(Symbol(f"dJ/d{end}"), diff(forward[end], symbol), evaluate=False)
    return lines


def _name(symbol: str) -> Formula:
    """Return a symbol as people write it: ``w1'`` as w₁′, ``dJ/dw1`` as ∂J/∂w₁."""
    if "/" in symbol:
        above, below = (_name(part[1:]) for part in symbol.split("/"))
        # \dfrac and not \frac: inside a table the latter is too small to read
        fraction = rf"\dfrac{{\partial {above.latex}}}{{\partial {below.latex}}}"
        return Formula(latex=fraction, text=f"∂{above.text}/∂{below.text}")
    plain, prime = Symbol(symbol.rstrip("'")), symbol.endswith("'")
    return Formula(latex=latex(plain) + "'" * prime, text=pretty(plain, use_unicode=True) + "′" * prime)


def put_in(value: float) -> Formula:
    """Return a value as one puts it into a formula: negative and scientific numbers in parentheses."""
    shown = number(value)
    if value >= 0 and "^" not in shown.latex:
        return shown
    # braces inside the parentheses make the minus a sign, which is set closer than a subtraction
    return Formula(latex=f"({{{shown.latex}}})", text=f"({shown.text})")


def formula(expression: Expr, words: dict[Symbol, Formula]) -> Formula:
    """Write an expression with other words for its symbols; nothing for a plain number."""
    if expression.is_number:
        return Formula()
    symbols = expression.free_symbols
    names = {symbol: words[symbol].latex for symbol in symbols}
    in_latex = latex(expression, order="none", mul_symbol="dot", symbol_names=names)
    with evaluate(False):
        renamed = expression.xreplace({symbol: Symbol(words[symbol].text) for symbol in symbols})
    text = sstr(renamed, order="none").replace("**2", "²").replace("*", " · ").replace("-", "−")
    return Formula(latex=in_latex.replace(r"\frac", r"\dfrac"), text=text)


def _origin(settings: BackpropSettings, phase: Phase, symbol: str, value: float) -> Origin:
    for origin, stated in settings.origins().items():
        if math.isclose(stated.get(symbol, math.nan), value, rel_tol=1e-9, abs_tol=1e-12):
            return origin
    return "given" if phase == "given" else "computed"
