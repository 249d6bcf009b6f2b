"""The same network in torch: gradients by autograd and by finite differences, and many steps of descent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.func import grad

from pipeline.project.errors import SettingsError
from pipeline.results.backprop import Curve, Rule

if TYPE_CHECKING:
    from torch import Tensor

    from pipeline.backprop.settings import BackpropSettings

_OPTIMIZERS: dict[Rule, type[torch.optim.Optimizer]] = {"gradient descent": torch.optim.SGD, "Adam": torch.optim.Adam}


def cost(weights: Tensor, settings: BackpropSettings) -> Tensor:
    """Return ``J = (σ(v · W i) − y)²/2`` for other `weights`, in the order of their symbols, float64."""
    count = len(settings.hidden_weights)
    hidden = weights[:-count].view(count, -1) @ torch.tensor(settings.inputs, dtype=torch.float64)
    return (torch.sigmoid(weights[-count:] @ hidden) - settings.target).square() / 2


def autograd(settings: BackpropSettings) -> list[float]:
    """Return ``∂J/∂w`` of every weight as ``torch.autograd`` finds it."""
    gradients: Tensor = grad(cost)(_weights(settings), settings)
    return list(gradients.tolist())


def finite_differences(settings: BackpropSettings) -> list[float]:
    """Return ``∂J/∂w`` of every weight by central differences, ``(J(w + h) − J(w − h)) / 2h``.

    The step ``h = ∛ε · max(1, |w|)`` balances the error of the formula against rounding (Press et al. 2007, 5.7).
    """
    weights = _weights(settings)
    slopes = []
    for place, step in enumerate(torch.finfo(torch.float64).eps ** (1 / 3) * weights.abs().clamp(min=1)):
        above, below = weights.clone(), weights.clone()
        above[place] += step
        below[place] -= step
        # what was really added differs from `step` by rounding
        slope = (cost(above, settings) - cost(below, settings)) / (above[place] - below[place])
        slopes.append(slope.item())
    return slopes


def descent(settings: BackpropSettings, rule: Rule, learning_rate: float) -> Curve:
    """Follow ``settings.steps`` steps on the one example; a `SettingsError` says where the weights overflow."""
    weights = _weights(settings).requires_grad_()
    optimizer = _OPTIMIZERS[rule]([weights], lr=learning_rate)  # type: ignore[call-arg]  # all of them have lr
    costs = [cost(weights, settings)]
    for number in range(1, settings.steps + 1):
        optimizer.zero_grad()
        torch.autograd.backward(costs[-1])
        optimizer.step()
        costs.append(cost(weights, settings))
        if not weights.isfinite().all():
            raise SettingsError(
                f"backprop: {rule} with learning rate {learning_rate:g} overflows at step {number}: "
                "take a smaller learning rate, inputs or weights."
            )
    return Curve(rule=rule, learning_rate=learning_rate, costs=tuple(value.item() for value in costs))


def _weights(settings: BackpropSettings) -> Tensor:
    return torch.tensor(list(settings.weights().values()), dtype=torch.float64)
