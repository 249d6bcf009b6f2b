"""Back-propagation on a small network: by hand, by autograd and by finite differences.

The network has inputs, linear hidden units and sigmoid outputs, no biases; the cost is ``J = (o − y)²/2``.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.backprop.settings import numbered
from pipeline.project.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipeline.backprop.settings import BackpropSettings

Array: TypeAlias = npt.NDArray[np.float64]
Phase: TypeAlias = Literal["given", "forward", "backward", "update", "after"]
Origin: TypeAlias = Literal["legible", "reconstructed", "assumed", "given", "computed"]
Rule: TypeAlias = Literal["gradient descent", "Adam"]

# ---------------------------------------------------------------- by hand, as a person writes it


@dataclass(frozen=True)
class Step:
    r"""One line of the calculation.

    Attributes
    ----------
    phase
        ``given``, ``forward``, ``backward``, ``update`` or ``after`` (the forward pass with the new weights).
    symbol
        Its plain name: ``h1``, ``dJ/dw1``; new values carry a prime, ``w1'``.
    latex
        The symbol in LaTeX, ``\dfrac{\partial J}{\partial w_1}``.
    formula, numbers
        The right-hand side in LaTeX, with symbols and with their values put in; empty for given values.
    value
        What it comes to.
    origin
        Where the value comes from: ``legible`` in the assignment, ``reconstructed``, ``assumed``,
        ``given`` or ``computed``.
    """

    phase: Phase
    symbol: str
    latex: str
    formula: str
    numbers: str
    value: float
    origin: Origin


class _Sheet:
    """The sheet of paper: the lines so far, and the values they gave."""

    def __init__(self, settings: BackpropSettings) -> None:
        self.settings = settings
        self.steps: list[Step] = []
        self.values: dict[str, float] = {}

    def write(self, phase: Phase, symbol: str, value: float, formula: str = "", numbers: str = "") -> None:
        if not math.isfinite(value):
            raise SettingsError(
                f"backprop: {symbol} is too large for floating-point numbers: "
                "take smaller inputs, weights, target or learning rate."
            )
        self.values[symbol] = value
        origin = _origin(self.settings, phase, symbol, value)
        self.steps.append(Step(phase, symbol, latex_symbol(symbol), formula, numbers, value, origin))

    def weighted_sum(self, phase: Phase, symbol: str, terms: Sequence[tuple[str, str]]) -> None:
        """Write ``symbol = a₁ b₁ + a₂ b₂ + …``."""
        self.write(
            phase,
            symbol,
            sum(self.values[a] * self.values[b] for a, b in terms),
            " + ".join(f"{latex_symbol(a)} {latex_symbol(b)}" for a, b in terms),
            " + ".join(rf"{self.put(a)} \cdot {self.put(b)}" for a, b in terms),
        )

    def product(self, symbol: str, a: str, b: str) -> None:
        r"""Write ``symbol = a \cdot b``, a link of the chain rule."""
        self.write(
            "backward",
            symbol,
            self.values[a] * self.values[b],
            rf"{latex_symbol(a)} \cdot {latex_symbol(b)}",
            rf"{self.put(a)} \cdot {self.put(b)}",
        )

    def put(self, symbol: str) -> str:
        """Return a value as one puts it into a formula: negative and scientific numbers in parentheses."""
        text = latex_number(self.values[symbol])
        # braces inside the parentheses make the minus a sign, which is set closer than a subtraction
        return f"({{{text}}})" if text.startswith("-") or "^" in text else text


def worked_example(settings: BackpropSettings) -> list[Step]:
    r"""One step of back-propagation and gradient descent, line by line.

    .. math::
        h_j = \sum_k w_{jk} i_k, \quad z = \sum_j v_j h_j, \quad o = \sigma(z), \quad J = (o - y)^2 / 2, \quad
        w \leftarrow w - \alpha \, \partial J / \partial w

    Parameters
    ----------
    settings
        The network, the example and the learning rate.

    Returns
    -------
    list of Step
        In the order in which a person works: given values, forward pass, backward pass by the chain rule, new
        weights, and the forward pass with them.

    Raises
    ------
    SettingsError
        Where a value overflows.

    References
    ----------
    Rumelhart, Hinton & Williams (1986), Learning representations by back-propagating errors, Nature 323.
    """
    sheet = _Sheet(settings)
    _write_given(sheet)
    _write_forward(sheet, "forward", "")
    _write_backward(sheet)
    _write_update(sheet)
    _write_forward(sheet, "after", "'")
    return sheet.steps


def hidden_weight(settings: BackpropSettings, unit: int, source: int) -> str:
    """Return the name of the weight from input `source` to hidden `unit`, both counted from 0."""
    return f"w{unit * len(settings.inputs) + source + 1}"


def output_weight(settings: BackpropSettings, unit: int) -> str:
    """Return the name of the weight from hidden `unit`, counted from 0, to the output."""
    return f"w{len(settings.inputs) * len(settings.hidden_weights) + unit + 1}"


def weight_symbols(settings: BackpropSettings) -> list[str]:
    """Return the names of all weights, hidden ones first, row by row."""
    hidden = len(settings.hidden_weights)
    return numbered("w", len(settings.inputs) * hidden + hidden)


def _flat_weights(settings: BackpropSettings) -> list[float]:
    return [*(weight for row in settings.hidden_weights for weight in row), *settings.output_weights]


def _write_given(sheet: _Sheet) -> None:
    settings = sheet.settings
    inputs = zip(numbered("i", len(settings.inputs)), settings.inputs, strict=True)
    weights = zip(weight_symbols(settings), _flat_weights(settings), strict=True)
    for symbol, value in [*inputs, *weights, ("y", settings.target), ("alpha", settings.learning_rate)]:
        sheet.write("given", symbol, value)


def _write_forward(sheet: _Sheet, phase: Phase, prime: str) -> None:
    settings = sheet.settings
    inputs = numbered("i", len(settings.inputs))
    hidden = numbered("h", len(settings.hidden_weights))
    for unit, symbol in enumerate(hidden):
        terms = [(hidden_weight(settings, unit, k) + prime, source) for k, source in enumerate(inputs)]
        sheet.weighted_sum(phase, symbol + prime, terms)
    terms = [(output_weight(settings, unit) + prime, symbol + prime) for unit, symbol in enumerate(hidden)]
    sheet.weighted_sum(phase, f"z{prime}", terms)
    z, o = f"z{prime}", f"o{prime}"
    logistic = r"\dfrac{1}{1 + e^{-%s}}"
    sheet.write(phase, o, _logistic(sheet.values[z]), logistic % z, logistic % sheet.put(z))
    error = sheet.values[o] - sheet.values["y"]
    halved_square = r"\dfrac{(%s - %s)^2}{2}"
    numbers = halved_square % (sheet.put(o), sheet.put("y"))
    sheet.write(phase, f"J{prime}", error * error / 2, halved_square % (o, "y"), numbers)


def _write_backward(sheet: _Sheet) -> None:
    settings, values, put = sheet.settings, sheet.values, sheet.put
    sheet.write("backward", "dJ/do", values["o"] - values["y"], "o - y", f"{put('o')} - {put('y')}")
    slope = values["o"] * (1 - values["o"])
    sheet.write("backward", "do/dz", slope, r"o \cdot (1 - o)", rf"{put('o')} \cdot (1 - {put('o')})")
    sheet.product("dJ/dz", "dJ/do", "do/dz")
    hidden = numbered("h", len(settings.hidden_weights))
    for unit, symbol in enumerate(hidden):
        sheet.product(f"dJ/d{output_weight(settings, unit)}", "dJ/dz", symbol)
    for unit, symbol in enumerate(hidden):
        sheet.product(f"dJ/d{symbol}", "dJ/dz", output_weight(settings, unit))
    for unit, symbol in enumerate(hidden):
        for k, source in enumerate(numbered("i", len(settings.inputs))):
            sheet.product(f"dJ/d{hidden_weight(settings, unit, k)}", f"dJ/d{symbol}", source)


def _write_update(sheet: _Sheet) -> None:
    values, put = sheet.values, sheet.put
    for symbol in weight_symbols(sheet.settings):
        gradient = f"dJ/d{symbol}"
        sheet.write(
            "update",
            f"{symbol}'",
            values[symbol] - values["alpha"] * values[gradient],
            rf"{latex_symbol(symbol)} - \alpha \cdot {latex_symbol(gradient)}",
            rf"{put(symbol)} - {put('alpha')} \cdot {put(gradient)}",
        )


def _logistic(z: float) -> float:
    # exp of a large positive number overflows; each branch takes the exponential of a negative one
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    return math.exp(z) / (1 + math.exp(z))


def _origin(settings: BackpropSettings, phase: Phase, symbol: str, value: float) -> Origin:
    origins: dict[Origin, Any] = {
        "legible": settings.legible,
        "reconstructed": settings.reconstructed,
        "assumed": settings.assumed,
    }
    for origin, stated in origins.items():
        if symbol in stated and math.isclose(stated[symbol], value, rel_tol=1e-9, abs_tol=1e-12):
            return origin
    return "given" if phase == "given" else "computed"


def latex_symbol(symbol: str) -> str:
    r"""Return a plain name in LaTeX: ``w1'`` as ``w_1'``, ``dJ/dw1`` as a fraction with ``\partial``."""
    if "/" in symbol:
        above, below = (rf"\partial {latex_symbol(part[1:])}" for part in symbol.split("/"))
        # \dfrac and not \frac: inside a table the latter is too small to read
        return rf"\dfrac{{{above}}}{{{below}}}"
    if symbol == "alpha":
        return r"\alpha"
    letter, number, prime = symbol[0], symbol[1:].rstrip("'"), "'" if symbol.endswith("'") else ""
    subscript = f"_{number}" if len(number) == 1 else f"_{{{number}}}" if number else ""
    return f"{letter}{subscript}{prime}"


def latex_number(value: float) -> str:
    r"""Return a number to six significant digits in LaTeX: ``0.920556``, ``-1.5 \cdot 10^{-7}``."""
    mantissa, _, exponent = f"{value + 0.0:.6g}".partition("e")  # + 0.0 turns -0 into 0
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


# ---------------------------------------------------------------- layer by layer, for networks of any size


def layer_cost(weights: Sequence[Array], inputs: Array, target: Array) -> float:
    """Return the cost ``J = Σ (o − y)²/2`` of a network of linear layers with a sigmoid at the end.

    Parameters
    ----------
    weights
        One matrix a layer, shape (units, units before it), float64.
    inputs
        Shape (inputs,), float64.
    target
        Shape (outputs,), float64.
    """
    errors = _outputs(_activations(weights, inputs)) - target
    return float(errors @ errors / 2)


def layer_gradients(weights: Sequence[Array], inputs: Array, target: Array) -> list[Array]:
    r"""Return ``∂J/∂W`` of every layer by back-propagation.

    .. math::
        \delta_L = (o - y) \, o (1 - o), \quad \partial J / \partial W_l = \delta_l a_{l-1}^T, \quad
        \delta_{l-1} = W_l^T \delta_l

    Parameters
    ----------
    weights, inputs, target
        As in `layer_cost`.

    Returns
    -------
    list of ndarray
        As many as `weights`, of their shapes, float64.

    References
    ----------
    Rumelhart, Hinton & Williams (1986), Learning representations by back-propagating errors, Nature 323.
    """
    activations = _activations(weights, inputs)
    outputs = _outputs(activations)
    delta = (outputs - target) * outputs * (1 - outputs)
    gradients: list[Array] = []
    for matrix, before in zip(reversed(weights), reversed(activations[:-1]), strict=True):
        gradients.append(np.outer(delta, before))
        delta = matrix.T @ delta
    return gradients[::-1]


def autograd_gradients(weights: Sequence[Array], inputs: Array, target: Array) -> list[Array]:
    """Return the gradients of `layer_gradients` as ``torch.autograd`` finds them, in float64.

    Parameters
    ----------
    weights, inputs, target
        As in `layer_cost`.
    """
    import torch  # takes seconds, and the terminal and the tables do not always need it

    matrices = [torch.tensor(matrix, dtype=torch.float64, requires_grad=True) for matrix in weights]
    activation = torch.tensor(inputs, dtype=torch.float64)
    for matrix in matrices:
        activation = matrix @ activation
    errors = torch.sigmoid(activation) - torch.tensor(target, dtype=torch.float64)
    return [gradient.numpy() for gradient in torch.autograd.grad(errors.square().sum() / 2, matrices)]


def finite_difference_gradients(weights: Sequence[Array], inputs: Array, target: Array) -> list[Array]:
    """Return the gradients of `layer_gradients` by central differences, ``(J(w + h) − J(w − h)) / 2h``.

    The step ``h = ∛ε · max(1, |w|)`` balances the error of the formula, ~h², against rounding, ~ε/h.

    Parameters
    ----------
    weights, inputs, target
        As in `layer_cost`.

    References
    ----------
    Press et al. (2007), Numerical Recipes, section 5.7.
    """

    def slope(layer: int, index: tuple[int, ...]) -> float:
        weight = float(weights[layer][index])
        step = float(np.cbrt(np.finfo(np.float64).eps)) * max(1.0, abs(weight))
        costs = []
        for moved in (weight + step, weight - step):
            matrices = [matrix.copy() for matrix in weights]
            matrices[layer][index] = moved
            costs.append(layer_cost(matrices, inputs, target))
        # what was really added differs from `step` by rounding
        return (costs[0] - costs[1]) / ((weight + step) - (weight - step))

    return [
        np.array([slope(layer, index) for index in np.ndindex(matrix.shape)]).reshape(matrix.shape)
        for layer, matrix in enumerate(weights)
    ]


def _activations(weights: Sequence[Array], inputs: Array) -> list[Array]:
    activations = [inputs]
    for matrix in weights:
        activations.append(matrix @ activations[-1])
    return activations


def _outputs(activations: Sequence[Array]) -> Array:
    return np.array([_logistic(float(z)) for z in activations[-1]])


def matrices(settings: BackpropSettings) -> tuple[list[Array], Array, Array]:
    """Return the example as ``(weights, inputs, target)``, what the functions on layers take."""
    weights = [
        np.array(settings.hidden_weights, dtype=np.float64),
        np.array([settings.output_weights], np.float64),
    ]
    return weights, np.array(settings.inputs, np.float64), np.array([settings.target], np.float64)


# ---------------------------------------------------------------- side by side


@dataclass(frozen=True)
class GradientRow:
    """One gradient, found in three ways, and the relative distance of the other two from the one by hand."""

    symbol: str
    latex: str
    by_hand: float
    autograd: float
    finite_differences: float
    autograd_difference: float
    finite_differences_difference: float


def compare_gradients(settings: BackpropSettings) -> list[GradientRow]:
    """Return every ``∂J/∂w`` by hand, by autograd and by central finite differences.

    Differences are relative to the largest gradient by hand, so that a gradient of zero has one too.

    Raises
    ------
    SettingsError
        Where a value overflows.
    """
    by_hand = {step.symbol: step.value for step in worked_example(settings)}
    gradients = {symbol: by_hand[f"dJ/d{symbol}"] for symbol in weight_symbols(settings)}
    scale = max(map(abs, gradients.values())) or 1.0
    example = matrices(settings)
    others = zip(_flat(autograd_gradients(*example)), _flat(finite_difference_gradients(*example)), strict=True)
    return [
        GradientRow(
            symbol=f"dJ/d{symbol}",
            latex=latex_symbol(f"dJ/d{symbol}"),
            by_hand=gradient,
            autograd=autograd,
            finite_differences=differences,
            autograd_difference=abs(autograd - gradient) / scale,
            finite_differences_difference=abs(differences - gradient) / scale,
        )
        for (symbol, gradient), (autograd, differences) in zip(gradients.items(), others, strict=True)
    ]


def _flat(gradients: Iterable[Array]) -> list[float]:
    return [float(value) for gradient in gradients for value in gradient.ravel()]


# ---------------------------------------------------------------- many steps


def descent(settings: BackpropSettings, rule: Rule, learning_rate: float) -> list[float]:
    """Return J before any step and after each of ``settings.steps`` steps on the one example.

    Parameters
    ----------
    settings
        The network, the example and the number of steps.
    rule
        ``"gradient descent"``, or ``"Adam"`` with β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
    learning_rate
        α.

    Returns
    -------
    list of float
        ``steps + 1`` costs.

    Raises
    ------
    SettingsError
        Where the weights overflow on the way.

    References
    ----------
    Kingma & Ba (2015), Adam: a method for stochastic optimization, Algorithm 1.
    """
    weights, inputs, target = matrices(settings)
    change = _RULES[rule](learning_rate)
    costs = [layer_cost(weights, inputs, target)]
    with np.errstate(over="ignore", invalid="ignore"):
        for number in range(1, settings.steps + 1):
            changes = change(layer_gradients(weights, inputs, target))
            weights = [matrix - delta for matrix, delta in zip(weights, changes, strict=True)]
            costs.append(layer_cost(weights, inputs, target))
            if not all(np.isfinite(matrix).all() for matrix in weights):
                raise SettingsError(
                    f"backprop: {rule} with learning rate {learning_rate:g} overflows at step {number}: "
                    "take a smaller learning rate, inputs or weights."
                )
    return costs


_Change: TypeAlias = "Callable[[list[Array]], list[Array]]"


def _gradient_descent(learning_rate: float) -> _Change:
    return lambda gradients: [learning_rate * gradient for gradient in gradients]


def _adam(learning_rate: float) -> _Change:
    decay_1, decay_2, epsilon = 0.9, 0.999, 1e-8
    count = 0
    means: list[Array] = []
    squares: list[Array] = []

    def change(gradients: list[Array]) -> list[Array]:
        nonlocal count, means, squares
        count += 1
        means = means or [np.zeros_like(gradient) for gradient in gradients]
        squares = squares or [np.zeros_like(gradient) for gradient in gradients]
        means = [decay_1 * m + (1 - decay_1) * g for m, g in zip(means, gradients, strict=True)]
        squares = [decay_2 * v + (1 - decay_2) * g * g for v, g in zip(squares, gradients, strict=True)]
        return [
            learning_rate * (m / (1 - decay_1**count)) / (np.sqrt(v / (1 - decay_2**count)) + epsilon)
            for m, v in zip(means, squares, strict=True)
        ]

    return change


_RULES: dict[Rule, Callable[[float], _Change]] = {"gradient descent": _gradient_descent, "Adam": _adam}


def curves(settings: BackpropSettings) -> list[dict[str, Any]]:
    """Return J over the steps: gradient descent, Adam at the same learning rate, and Adam at its own.

    Returns
    -------
    list of dict
        ``rule``, ``learning_rate`` and ``costs`` (``steps + 1`` floats) of each curve; no curve comes twice.
    """
    runs: dict[tuple[Rule, float], None] = {
        ("gradient descent", settings.learning_rate): None,
        ("Adam", settings.learning_rate): None,
        ("Adam", settings.adam_learning_rate): None,
    }
    return [{"rule": rule, "learning_rate": rate, "costs": descent(settings, rule, rate)} for rule, rate in runs]


# ---------------------------------------------------------------- all of it


def result(settings: BackpropSettings) -> dict[str, Any]:
    """Return all that the report needs, ready for JSON.

    Values are rounded to 12 significant digits and differences to 2: beyond that, the mathematical library of
    the machine would show in a file that git keeps.

    Returns
    -------
    dict
        ``network`` (numbers of inputs and hidden units), ``steps`` (a dict per `Step`), ``gradients`` (a dict
        per `GradientRow`), ``curves``, and ``contradicted``: symbol to printed value, where the settings do
        not reproduce what is legible in the assignment.

    Raises
    ------
    SettingsError
        Where a value overflows.
    """
    steps = worked_example(settings)
    legible = {step.symbol for step in steps if step.origin == "legible"}
    return {
        "network": {"inputs": len(settings.inputs), "hidden": len(settings.hidden_weights)},
        "steps": [asdict(step) | {"value": _rounded(step.value)} for step in steps],
        "gradients": [_rounded_row(row) for row in compare_gradients(settings)],
        "curves": [curve | {"costs": [_rounded(cost) for cost in curve["costs"]]} for curve in curves(settings)],
        "contradicted": {symbol: value for symbol, value in settings.legible.items() if symbol not in legible},
    }


def _rounded_row(row: GradientRow) -> dict[str, Any]:
    return {
        name: value if isinstance(value, str) else _rounded(value, 2 if name.endswith("_difference") else 12)
        for name, value in asdict(row).items()
    }


def _rounded(value: float, digits: int = 12) -> float:
    return float(f"{value:.{digits}g}")
