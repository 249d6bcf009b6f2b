"""The optimizers of one training, stepped together."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from pipeline.prepared.refusal import Refusal
from pipeline.project.errors import first_line
from pipeline.training.origin import origin_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from pipeline.training.optimizers.flat import Pair
    from pipeline.training.record import OptimizerRow


@dataclass(frozen=True)
class Lent:
    """A parameter that a class from elsewhere works on: a copy, in torch's usual memory order.

    Such a class may replace a parameter's data, keep its gradient or write into it. None of that reaches the network.
    """

    parameter: nn.Parameter
    place: Pair  # in the network: values and gradient

    def bring(self) -> None:
        """Copy the network's values and a fresh gradient."""
        values, gradient = self.place
        self.parameter.data.copy_(values)
        self.parameter.grad = gradient.clone(memory_format=torch.contiguous_format)

    @property
    def keeps_its_kind(self) -> bool:
        """Whether the parameter still has the shape and the type of the network's."""
        found, values = self.parameter, self.place[0]
        return (found.shape, found.dtype) == (values.shape, values.dtype)

    def take_back(self) -> None:
        """Copy the new values into the network."""
        self.place[0].copy_(self.parameter.data)


@dataclass(frozen=True)
class Stepper:
    """The optimizers of one training, stepped together."""

    # two if the row has a `rest`; without hidden matrices, the `rest` takes all parameters
    optimizers: tuple[torch.optim.Optimizer, ...]
    # how many parameters each optimizer class updates
    parameter_counts: dict[str, int]
    # float32, shape (parameters,): all parameters of the network, and their gradients
    values: Tensor
    gradients: Tensor
    # for refusals: the row, and its place in ``params.yaml``
    row: OptimizerRow
    where: str = ""
    lent: tuple[Lent, ...] = ()

    def zero_grad(self) -> None:
        """Set all gradients to zero, in place: they are views of one vector."""
        self.gradients.zero_()

    def step(self) -> None:
        """Update all parameters once.

        Where an optimizer fails because numbers are not finite any more, or a decomposition does not converge, all
        parameters become NaN: the training has diverged.

        Raises
        ------
        Refusal
            If an optimizer fails for another reason.
        """
        try:
            self._step()
        except torch.linalg.LinAlgError:  # type: ignore[attr-defined]
            self.values.fill_(torch.nan)
        except Refusal:
            raise
        except Exception as error:
            if self.values.isfinite().all() and self.gradients.isfinite().all():
                raise self._refusal(error) from error
            self.values.fill_(torch.nan)

    def _step(self) -> None:
        for tensor in self.lent:
            tensor.bring()
        for optimizer in self.optimizers:
            optimizer.step()
        self._take_back()

    def _take_back(self) -> None:
        for tensor in self.lent:
            if not tensor.keeps_its_kind:
                kind = str(origin_of(self.row.class_name))
                raise Refusal("another_type", where=self.where, kind=kind, found=str(tensor.parameter.dtype))
            tensor.take_back()

    def _refusal(self, error: Exception) -> Refusal:
        given = self.row.arguments | ({"rest": self.row.rest.arguments} if self.row.rest else {})
        kind = str(origin_of(self.row.class_name))
        return Refusal("cannot_step", where=self.where, kind=kind, arguments=given, reason=first_line(error))

    def scale_learning_rate(self, factor: float) -> None:
        """Set the learning rate of every group to that which it began with, times `factor`."""
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                if "lr" in group:
                    # the name that torch's own schedulers use
                    group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Give the network the parameters to evaluate with, inside the block.

        They are others only for optimizers that have `eval` and `train`, such as ScheduleFree.
        """
        switching: list[Any] = [optimizer for optimizer in self.optimizers if has_modes(optimizer)]
        if not switching:
            yield
            return
        before = self.values.clone()
        for optimizer in switching:
            optimizer.eval()
        self._take_back()
        try:
            yield
        finally:
            for optimizer in switching:
                optimizer.train()
            # there and back again would round, and looking must change nothing
            self.values.copy_(before)

    def state_bytes(self) -> int:
        """Return the bytes of all tensors that the optimizers keep between steps."""
        kept = {id(tensor): tensor for optimizer in self.optimizers for tensor in state_tensors(optimizer)}
        return sum(tensor.numel() * tensor.element_size() for tensor in kept.values())


def has_modes(optimizer: torch.optim.Optimizer) -> bool:
    """Return whether an optimizer measures with other parameters than it trains."""
    return all(callable(getattr(optimizer, name, None)) for name in ("eval", "train"))


def state_tensors(optimizer: torch.optim.Optimizer) -> Iterator[Tensor]:
    """Yield all tensors of an optimizer's state, those in lists and in groups as well."""
    yield from _tensors(list(optimizer.state.values()))
    for group in optimizer.param_groups:
        yield from _tensors([value for name, value in group.items() if name != "params"])


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)
