"""Tiny trainings, to try an optimizer on: parameters of tiny networks, gradients of a quadratic function."""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from pipeline.training import determinism, optimizers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from pipeline.training.optimizers import Stepper
    from pipeline.training.record import OptimizerRow

_SEED = 0


def linear() -> nn.Module:
    """Return a network of one layer."""
    return nn.Linear(6, 4)


def convolutional() -> nn.Module:
    """Return a network with kernels, matrices and biases, in the first layer, inside and at the end."""
    return nn.Sequential(nn.Conv2d(2, 4, 2), nn.Conv2d(4, 6, 2), nn.Flatten(), nn.Linear(24, 8), nn.Linear(8, 3))


@dataclass(frozen=True)
class Tryout:
    """An optimizer that is tried, and the learning rate to try it at."""

    row: OptimizerRow
    learning_rate: float

    def start(self, factor: float = 1.0, network: Callable[[], nn.Module] = convolutional) -> Stepper:
        """Build the optimizer at `factor` times the learning rate; the network's parameters are the same each time."""
        built = network()
        generator = torch.Generator().manual_seed(_SEED)
        for parameter in built.parameters():
            parameter.data.copy_(torch.randn(parameter.shape, generator=generator))
        return optimizers.build("", self.row, self.learning_rate * factor, built)

    def go(self, stepper: Stepper, steps: int, first: int = 0, *, seeded: bool = True) -> Tensor:
        """Take steps with noisy gradients; return a copy of all parameters, float32 (parameters,).

        Parameters
        ----------
        first
            The first step's number, which decides the noise.
        seeded
            Whether it decides the global random numbers as well, so that a class that uses them repeats itself.
        """
        for step in range(first, first + steps):
            if seeded:
                _seed_everything(step)
            noise = torch.randn(stepper.values.shape, generator=torch.Generator().manual_seed(step))
            stepper.gradients.copy_(slope(stepper.values) + 0.3 * noise)
            stepper.step()
        return stepper.values.clone()


def slope(values: Tensor) -> Tensor:
    """Return the gradient of `height` times the number of parameters."""
    return _curvature(values) * (values - _lowest(values))


def height(values: Tensor) -> float:
    """Return a quadratic function of all parameters."""
    return float((_curvature(values) * (values - _lowest(values)) ** 2).mean() / 2)


def _curvature(values: Tensor) -> Tensor:
    """Return 0.1 to 1, so that no single rate is the best for all."""
    return torch.logspace(-1, 0, len(values))


def _lowest(values: Tensor) -> Tensor:
    return 3 * torch.randn(values.shape, generator=torch.Generator().manual_seed(_SEED + 1))


@contextmanager
def as_in_a_training() -> Iterator[None]:
    """Compute as a training does, and leave the random numbers, threads and switches of this process as they were."""
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    filled = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the global one
    determinism.enforce()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic)
        torch.utils.deterministic.fill_uninitialized_memory = filled  # type: ignore[attr-defined]


def global_random_numbers() -> dict[str, object]:
    """Return the state of every global stream, by the name of its library."""
    return {
        "torch": torch.get_rng_state().tolist(),
        "numpy": str(np.random.get_state()),  # noqa: NPY002 - the global one
        "random": random.getstate(),
    }


def _seed_everything(seed: int) -> None:
    torch.manual_seed(seed)  # noqa: TID251 - `as_in_a_training` puts the state back
    np.random.seed(seed)  # noqa: NPY002 - the global one, which a class may use
    random.seed(seed)
