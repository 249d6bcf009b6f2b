"""The whole worked example: by hand, checked by autograd and finite differences, and continued for many steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.backprop import as_written, by_hand, by_machine
from pipeline.project.numbers import rounded
from pipeline.results.backprop import Curve, Gradient, Network, Step, WorkedExample

if TYPE_CHECKING:
    from pipeline.backprop.settings import BackpropSettings

_DIGITS = 12


def worked_example(settings: BackpropSettings) -> WorkedExample:
    r"""Work one step of back-propagation (Rumelhart et al. 1986), check its gradients, and follow J over many steps.

    .. math::
        h_j = \sum_k w_{jk} i_k, \quad z = \sum_j v_j h_j, \quad o = \sigma(z), \quad J = (o - y)^2 / 2, \quad
        w \leftarrow w - \alpha \, \partial J / \partial w

    All is float64. Values are rounded to 12 significant digits and differences to 2: beyond that, the mathematical
    library of the machine would show in a file that git keeps. A `SettingsError` says where a value overflows.
    """
    steps = by_hand.steps(settings)
    legible = {step.symbol for step in steps if step.origin == "legible"}
    return WorkedExample(
        network=Network(inputs=len(settings.inputs), hidden=len(settings.hidden_weights)),
        steps=tuple(step.model_copy(update={"value": rounded(step.value, _DIGITS)}) for step in steps),
        gradients=_gradients(settings, steps),
        curves=_curves(settings),
        contradicted={symbol: value for symbol, value in settings.legible.items() if symbol not in legible},
        slips=as_written.slips(settings, steps),
        traces=as_written.traces(settings, steps),
    )


def _gradients(settings: BackpropSettings, steps: list[Step]) -> tuple[Gradient, ...]:
    lines = {step.symbol: step for step in steps}
    by_weight = [lines[f"dJ/d{symbol}"] for symbol in settings.weights()]
    # relative to the largest one, so that a gradient of zero has a difference too
    scale = max(abs(step.value) for step in by_weight) or 1.0
    others = zip(by_machine.autograd(settings), by_machine.finite_differences(settings), strict=True)
    return tuple(
        Gradient(
            symbol=step.symbol,
            name=step.name,
            by_hand=rounded(step.value, _DIGITS),
            autograd=rounded(autograd, _DIGITS),
            finite_differences=rounded(differences, _DIGITS),
            autograd_difference=rounded(abs(autograd - step.value) / scale, 2),
            finite_differences_difference=rounded(abs(differences - step.value) / scale, 2),
        )
        for step, (autograd, differences) in zip(by_weight, others, strict=True)
    )


def _curves(settings: BackpropSettings) -> tuple[Curve, ...]:
    """Return gradient descent, Adam at the same learning rate, and Adam at its own; no curve twice."""
    rates = dict.fromkeys((settings.learning_rate, settings.adam_learning_rate))
    curves = [
        by_machine.descent(settings, "gradient descent", settings.learning_rate),
        *(by_machine.descent(settings, "Adam", rate) for rate in rates),
    ]
    return tuple(
        curve.model_copy(update={"costs": tuple(rounded(cost, _DIGITS) for cost in curve.costs)}) for curve in curves
    )
