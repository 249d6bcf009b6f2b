"""A row of ``params.yaml`` -> the optimizers of a network's parameters.

Most optimizers update every number independently. For those of torch, all parameters of a network lie in one vector:
one step takes a few operations instead of a few for each tensor, with exactly the same result. All other classes get
one tensor for each parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from pipeline.prepared.refusal import Refusal
from pipeline.project.errors import first_line
from pipeline.training.optimizers import classes
from pipeline.training.optimizers.flat import FlatParameters
from pipeline.training.optimizers.stepper import Lent, Stepper, has_modes
from pipeline.training.origin import origin_of

if TYPE_CHECKING:
    import torch

    from pipeline.training.optimizers.flat import Pair
    from pipeline.training.record import OptimizerRow

_FUSED_ON_CPU = frozenset({"SGD", "Adam", "AdamW", "Adagrad"})
# Muon classes of packages want to know of each group whether it is theirs
_ASKS_WHOSE = "use_muon"


@dataclass(frozen=True)
class _Share:
    """A class, and the parameters that it updates."""

    row: OptimizerRow
    kind: classes.Kind
    where: str
    pairs: list[Pair]
    matrices_only: bool = False


def build(name: str, row: OptimizerRow, learning_rate: float, network: nn.Module) -> Stepper:
    """Build the optimizer of a row for a network, and move the network's parameters into one vector.

    Parameters
    ----------
    name
        Name of the row, for refusals; empty where ``params.yaml`` has no such row.
    learning_rate
        For the row's class and for its `rest`.

    Raises
    ------
    Refusal
        If the class cannot be found, used or built, needs a `rest`, or an argument is unknown or refused.
    """
    where = f"optimizers.{name}" if name else ""
    shares, flat = _shares(row, where, network)
    optimizers: list[torch.optim.Optimizer] = []
    lent: list[Lent] = []
    counts: dict[str, int] = {}
    for share in shares:
        size = sum(values.numel() for values, _ in share.pairs)
        label = origin_of(share.row.class_name).name
        counts[label] = counts.get(label, 0) + size
        # torch refuses an optimizer without parameters
        if not share.pairs:
            continue
        leaves = [_leaf(share, *pair) for pair in share.pairs]
        if not origin_of(share.row.class_name).is_torch:
            lent += [Lent(leaf, pair) for leaf, pair in zip(leaves, share.pairs, strict=True)]
        optimizers.append(_construct(share, leaves, learning_rate))
    return Stepper(tuple(optimizers), counts, flat.values, flat.gradients, row, where, tuple(lent))


def _shares(row: OptimizerRow, where: str, network: nn.Module) -> tuple[list[_Share], FlatParameters]:
    kind = classes.find(row, where)
    if row.rest is None:
        if row.class_name == "Muon" or _ASKS_WHOSE in classes.names_read(kind):
            raise Refusal("no_rest", where=where, kind=str(origin_of(row.class_name)))
        flat = FlatParameters(network)
        all_of_them = flat.whole if _is_elementwise(row) else [tensor.shaped for tensor in flat.tensors]
        return [_Share(row, kind, where, all_of_them)], flat
    at_rest = f"{where}.rest" if where else ""
    rest = classes.find(row.rest, at_rest)
    flat = FlatParameters(network)
    others = [tensor.vector if _is_elementwise(row.rest) else tensor.shaped for tensor in flat.others]
    return [_Share(row, kind, where, flat.matrices, True), _Share(row.rest, rest, at_rest, others)], flat


def _is_elementwise(row: OptimizerRow) -> bool:
    return row.class_name in classes.ELEMENTWISE


def _construct(share: _Share, leaves: list[nn.Parameter], learning_rate: float) -> torch.optim.Optimizer:
    row, where = share.row, share.where
    classes.check_arguments(share.kind, row, where)
    # YAML writes a tuple as a list
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in row.arguments.items()}
    if row.class_name in _FUSED_ON_CPU:
        options.setdefault("fused", True)
    build_one: Any = share.kind
    group = [{"params": leaves, _ASKS_WHOSE: True}] if _asks_whose(share) else leaves
    try:
        optimizer = build_one(group, lr=learning_rate, **options)
        if has_modes(optimizer):
            optimizer.train()
    except Exception as error:  # noqa: BLE001 - a class from elsewhere may raise anything
        kind = str(origin_of(row.class_name))
        raise Refusal(
            "refused_arguments", where=where, kind=kind, arguments=row.arguments, reason=first_line(error)
        ) from None
    built: torch.optim.Optimizer = optimizer
    return built


def _asks_whose(share: _Share) -> bool:
    return share.matrices_only and _ASKS_WHOSE in classes.names_read(share.kind)


def _leaf(share: _Share, values: Tensor, gradients: Tensor) -> nn.Parameter:
    if not origin_of(share.row.class_name).is_torch:
        # a copy: see `Lent`
        return nn.Parameter(values.detach().contiguous().clone())
    parameter = nn.Parameter(values)
    parameter.grad = gradients
    return parameter
