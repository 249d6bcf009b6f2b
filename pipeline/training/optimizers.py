"""A row of ``params.yaml`` -> a torch optimizer, through an allow-list.

Most optimizers update every number independently. For those, all parameters of a network lie in one vector: one step
takes a few operations instead of a few for each tensor, with exactly the same result.
"""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from pipeline.prepared.refusal import Refusal
from pipeline.project.errors import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.training.record import OptimizerRow

# Their update of one number depends on no other number, so a vector of all parameters gives the same result
_ELEMENTWISE = frozenset(
    {"SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "ASGD", "Rprop"}
)
# Their update of one number depends on the others of its tensor
_TENSORWISE = frozenset({"Adafactor"})
# Take hidden weight matrices only; `rest` names the optimizer of everything else
_MATRIX_ONLY = frozenset({"Muon"})
_FUSED_ON_CPU = frozenset({"SGD", "Adam", "AdamW", "Adagrad"})

ALLOWED = tuple(sorted(_ELEMENTWISE | _TENSORWISE | _MATRIX_ONLY))


class FlatParameters:
    """A network's parameters and their gradients, each moved into one vector."""

    def __init__(self, network: nn.Module) -> None:
        parameters = list(network.parameters())
        total = sum(parameter.numel() for parameter in parameters)
        device = parameters[0].device
        # float32, shape (parameters,); the network's own parameters and their `.grad` are views of these
        self.values = torch.empty(total, device=device)
        self.gradients = torch.zeros(total, device=device)
        self.tensors: list[tuple[Tensor, Tensor]] = []
        # hidden weights as matrices (out, in), without the first layer and the head: kernels are flattened
        self.matrices: list[tuple[Tensor, Tensor]] = []
        self.others: list[tuple[Tensor, Tensor]] = []
        weights = [parameter for parameter in parameters if parameter.dim() >= 2]
        # empty for a network of one or two layers
        hidden = {id(parameter) for parameter in weights[1:-1]}
        start = 0
        for parameter in parameters:
            stop = start + parameter.numel()
            self._move(parameter, slice(start, stop), hidden=id(parameter) in hidden)
            start = stop

    def _move(self, parameter: nn.Parameter, place: slice, *, hidden: bool) -> None:
        values, gradients = self.values[place], self.gradients[place]
        view = _view_like(values, parameter)
        view.copy_(parameter.data)
        parameter.data = view
        parameter.grad = _view_like(gradients, parameter)
        self.tensors.append((view, parameter.grad))
        if hidden:
            rows = len(parameter)
            self.matrices.append((values.view(rows, -1), gradients.view(rows, -1)))
        else:
            self.others.append((values, gradients))


def _view_like(vector: Tensor, parameter: Tensor) -> Tensor:
    if parameter.dim() != 4:
        return vector.view(parameter.shape)
    # the storage order of channels-last, so that convolutions need not rearrange their kernels
    out_channels, in_channels, height, width = parameter.shape
    return vector.view(out_channels, height, width, in_channels).permute(0, 3, 1, 2)


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

    def zero_grad(self) -> None:
        """Set all gradients to zero, in place: they are views of one vector."""
        self.gradients.zero_()

    def step(self) -> None:
        """Update all parameters once."""
        for optimizer in self.optimizers:
            optimizer.step()

    def scale_learning_rate(self, factor: float) -> None:
        """Set every learning rate to its own base times a factor."""
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Inside the block, the parameters are those to evaluate with."""
        yield


def build(name: str, row: OptimizerRow, learning_rate: float, network: nn.Module) -> Stepper:
    """Build the optimizer of a row for a network, and move the network's parameters into one vector.

    Parameters
    ----------
    name
        Name of the row, for refusals.
    learning_rate
        For the row's class and for its `rest`.

    Raises
    ------
    Refusal
        If the class is not allowed or needs a `rest`, or an argument is unknown or refused.
    """
    where, kind = f"optimizers.{name}", row.class_name
    _check_class(kind, where)
    flat = FlatParameters(network)
    if kind not in _MATRIX_ONLY:
        tensors = [(flat.values, flat.gradients)] if kind in _ELEMENTWISE else flat.tensors
        optimizer = _construct(row, learning_rate, tensors, where)
        return Stepper((optimizer,), {kind: flat.values.numel()}, flat.values, flat.gradients)
    if row.rest is None:
        raise Refusal("no_rest", where=where, kind=kind)
    _check_class(row.rest.class_name, f"{where}.rest")
    optimizers = [_construct(row.rest, learning_rate, flat.others, f"{where}.rest")]
    # torch refuses an optimizer without parameters
    if flat.matrices:
        optimizers.insert(0, _construct(row, learning_rate, flat.matrices, where))
    counts = {
        kind: sum(values.numel() for values, _ in flat.matrices),
        row.rest.class_name: sum(values.numel() for values, _ in flat.others),
    }
    return Stepper(tuple(optimizers), counts, flat.values, flat.gradients)


def _check_class(kind: str, where: str) -> None:
    if kind not in ALLOWED:
        raise Refusal("unknown_class", where=where, found=kind, allowed=ALLOWED)


def _construct(
    row: OptimizerRow, learning_rate: float, tensors: Sequence[tuple[Tensor, Tensor]], where: str
) -> torch.optim.Optimizer:
    kind = getattr(torch.optim, row.class_name)
    _check_names(kind, row.arguments, where)
    # YAML writes a tuple as a list
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in row.arguments.items()}
    if row.class_name in _FUSED_ON_CPU:
        options.setdefault("fused", True)
    try:
        optimizer: torch.optim.Optimizer = kind(
            [_leaf(values, gradients) for values, gradients in tensors], lr=learning_rate, **options
        )
    except (ValueError, TypeError, RuntimeError) as error:
        raise Refusal(
            "refused_arguments", where=where, kind=row.class_name, arguments=row.arguments, reason=first_line(error)
        ) from None
    return optimizer


def _check_names(kind: type, arguments: dict[str, Any], where: str) -> None:
    known = [name for name in inspect.signature(kind).parameters if name not in ("params", "lr")]
    for name in arguments:
        if name not in known:
            raise Refusal("unknown_argument", where=where, kind=kind.__name__, found=name, allowed=known)


def _leaf(values: Tensor, gradients: Tensor) -> nn.Parameter:
    parameter = nn.Parameter(values)
    parameter.grad = gradients
    return parameter
