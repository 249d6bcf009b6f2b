"""A row of ``params.yaml`` -> a torch optimizer, through an allow-list.

Most optimizers treat every parameter alone. For those, all parameters of a network lie in one vector: one step is
a handful of operations on it instead of a handful for each tensor, with exactly the same result.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from pipeline.project.errors import SettingsError, first_line
from pipeline.project.wording import closest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    """A network's parameters, moved into one vector (and their gradients into another).

    Attributes
    ----------
    values, gradients
        float32, shape (parameters,). The network's own parameters and their ``.grad`` are views of them.
    matrices
        Views (values, gradients) of the hidden weights as matrices (out, in): convolution kernels flattened,
        without the first layer and the head. None where a network has no other layers.
    others
        Views (values, gradients) of all the rest.
    """

    def __init__(self, network: nn.Module) -> None:
        parameters = list(network.parameters())
        total = sum(parameter.numel() for parameter in parameters)
        device = parameters[0].device
        self.values = torch.empty(total, device=device)
        self.gradients = torch.zeros(total, device=device)
        self.tensors: list[tuple[Tensor, Tensor]] = []
        self.matrices: list[tuple[Tensor, Tensor]] = []
        self.others: list[tuple[Tensor, Tensor]] = []
        weights = [parameter for parameter in parameters if parameter.dim() >= 2]
        # none are left of a network of one or two layers
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
    """The optimizers of one training, stepped together.

    Attributes
    ----------
    optimizers
        One, or two where the row has a `rest`. Where a network has no hidden matrices, the `rest` takes all.
    parameter_counts
        How many of the network's parameters each optimizer class updates; 0 for one that has nothing to do.
    values, gradients
        float32, shape (parameters,): all parameters of the network, and their gradients.
    """

    optimizers: tuple[torch.optim.Optimizer, ...]
    parameter_counts: dict[str, int]
    values: Tensor
    gradients: Tensor

    def zero_grad(self) -> None:
        """Set all gradients to zero, in place: they are views of one vector."""
        self.gradients.zero_()

    def step(self) -> None:
        """Update all parameters once."""
        for optimizer in self.optimizers:
            optimizer.step()


def build(name: str, row: Mapping[str, Any], learning_rate: float, network: nn.Module) -> Stepper:
    """Build the optimizer of a row for a network, whose parameters move into one vector.

    Parameters
    ----------
    name
        Of the row, for errors.
    row
        ``class``, ``arguments`` and ``rest`` as in ``params.yaml``.
    learning_rate
        For the row's class and for its `rest`.
    network
        Any module with at least one parameter.

    Raises
    ------
    SettingsError
        Where the class is not allowed, or an argument is unknown or refused by it.
    """
    where = f"params.yaml: optimizers.{name}"
    kind = _checked_class(row["class"], f"{where}.class")
    flat = FlatParameters(network)
    if kind not in _MATRIX_ONLY:
        tensors = [(flat.values, flat.gradients)] if kind in _ELEMENTWISE else flat.tensors
        optimizer = _construct(kind, row["arguments"], learning_rate, tensors, where)
        return Stepper((optimizer,), {kind: flat.values.numel()}, flat.values, flat.gradients)
    rest = row.get("rest")
    if rest is None:
        raise SettingsError(
            f"{where}: {kind} takes hidden weight matrices only; add `rest: {{class: AdamW, arguments: {{}}}}` "
            "for the other parameters."
        )
    rest_kind = _checked_class(rest["class"], f"{where}.rest.class")
    optimizers = [_construct(rest_kind, rest["arguments"], learning_rate, flat.others, f"{where}.rest")]
    # torch refuses an optimizer without parameters
    if flat.matrices:
        optimizers.insert(0, _construct(kind, row["arguments"], learning_rate, flat.matrices, where))
    counts = {
        kind: sum(values.numel() for values, _ in flat.matrices),
        rest_kind: sum(values.numel() for values, _ in flat.others),
    }
    return Stepper(tuple(optimizers), counts, flat.values, flat.gradients)


def check(name: str, row: Mapping[str, Any], learning_rate: float) -> None:
    """Try a row on a tiny network.

    Raises
    ------
    SettingsError
        As `build` does.
    """
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2))
    stepper = build(name, row, learning_rate, network)
    stepper.gradients.fill_(0.1)
    try:
        stepper.step()
    # torch looks at some arguments in the first step only
    except (ValueError, TypeError, RuntimeError, AssertionError) as error:
        raise SettingsError(
            f"params.yaml: optimizers.{name}: torch.optim.{row['class']} cannot step with {dict(row['arguments'])}: "
            f"{first_line(error)}."
        ) from None


def torch_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's arguments as torch wants them: YAML writes a tuple as a list."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()}


def _checked_class(kind: str, where: str) -> str:
    if kind not in ALLOWED:
        raise SettingsError(f"{where}: {kind!r} is not an optimizer that this study knows{closest(kind, ALLOWED)}.")
    return kind


def _construct(
    kind: str,
    arguments: Mapping[str, Any],
    learning_rate: float,
    tensors: Sequence[tuple[Tensor, Tensor]],
    where: str,
) -> torch.optim.Optimizer:
    optimizer_class = getattr(torch.optim, kind)
    _check_arguments(optimizer_class, arguments, where)
    options = torch_arguments(arguments)
    if kind in _FUSED_ON_CPU:
        options.setdefault("fused", True)
    try:
        optimizer: torch.optim.Optimizer = optimizer_class(
            [_leaf(values, gradients) for values, gradients in tensors], lr=learning_rate, **options
        )
    except (ValueError, TypeError, RuntimeError) as error:
        raise SettingsError(f"{where}: torch.optim.{kind} refuses {dict(arguments)}: {first_line(error)}.") from None
    return optimizer


def _check_arguments(optimizer_class: type, arguments: Mapping[str, Any], where: str) -> None:
    known = [name for name in inspect.signature(optimizer_class).parameters if name not in ("params", "lr")]
    for name in arguments:
        if name not in known:
            raise SettingsError(
                f"{where}.arguments.{name}: torch.optim.{optimizer_class.__name__} has no such argument"
                f"{closest(name, known)}."
            )


def _leaf(values: Tensor, gradients: Tensor) -> nn.Parameter:
    parameter = nn.Parameter(values)
    parameter.grad = gradients
    return parameter
