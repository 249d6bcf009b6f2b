"""What an optimizer's class must do to take part in a study: tried on two tiny networks, in a few seconds.

The networks only lend their shapes. The gradients are those of a quadratic function, with noise where that is said.
"""

from __future__ import annotations

import pickle
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from pipeline.prepared.refusal import Refusal
from pipeline.project.wording import listed
from pipeline.running import rows
from pipeline.running.refusals import error_of, in_words
from pipeline.running.tryout import (
    Tryout,
    as_in_a_training,
    convolutional,
    global_random_numbers,
    height,
    linear,
    slope,
)
from pipeline.training import determinism
from pipeline.training.optimizers.stepper import state_tensors

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from pipeline.training.optimizers import Stepper
    from pipeline.training.record import OptimizerRow

_STEPS = 8
_QUADRATIC_STEPS = 40
# around the learning rate that is asked for
_FACTORS = (0.01, 0.1, 1.0, 10.0, 100.0)
# steps after which every optimizer has begun to move, and the averages of most have filled
_LATER = 20
# without these a study's results could not be trusted or repeated; the others are for the user to know
INDISPENSABLE = ("steps", "deterministic", "does_not_touch_others")

# refusals that no other name or argument would help
_OF_THE_CLASS = (
    "another_type",
    "cannot_step",
    "needs_closure",
    "needs_sparse",
    "no_learning_rate",
    "wraps_another",
)


@dataclass(frozen=True)
class Finding:
    """One thing that was tried."""

    name: str
    ok: bool
    sentence: str  # what was found, and what it means where it is wrong


@dataclass(frozen=True)
class Contract:
    """All that was tried on an optimizer's class."""

    # `steps` alone where it cannot step; else all seven, in the order in which they were tried
    findings: tuple[Finding, ...]
    # kept between steps, on a tiny network of matrices and kernels; 0 where it cannot step
    state_bytes_per_parameter: float

    @property
    def ok(self) -> bool:
        """Whether nothing wrong was found."""
        return all(finding.ok for finding in self.findings)

    @property
    def can_take_part(self) -> bool:
        """Whether a study's results with this optimizer can be trusted and repeated."""
        return all(finding.ok for finding in self.findings if finding.name in INDISPENSABLE)


def check(row: OptimizerRow, learning_rate: float) -> Contract:
    """Try what an optimizer's class must do.

    Leaves the random numbers, the threads and the switches of this process as they were.

    Parameters
    ----------
    row
        The class with its arguments.
    learning_rate
        A usual one for it: the quadratic function is tried at rates from a hundredth to a hundred times of it.

    Returns
    -------
    Contract
        A finding for each thing that was tried: ``steps`` (and changes every parameter), ``decreases_a_quadratic``,
        ``deterministic``, ``no_global_random_numbers``, ``state_is_saved``, ``respects_learning_rate``,
        ``does_not_touch_others``.

    Raises
    ------
    SettingsError
        If the class or an argument is not there: a mistake of the user, not of the class.
    """
    with as_in_a_training(), in_words():
        return _checked(Tryout(row, learning_rate))


def _checked(tryout: Tryout) -> Contract:
    steps = _steps(tryout)
    if not steps.ok:
        return Contract((steps,), 0.0)
    others = (
        _decreases_a_quadratic,
        _deterministic,
        _no_global_random_numbers,
        _state_is_saved,
        _respects_learning_rate,
        _does_not_touch_others,
    )
    findings = [_attempted(attempt, tryout) for attempt in others]
    stepper = tryout.start()
    tryout.go(stepper, _STEPS)
    return Contract((steps, *findings), stepper.state_bytes() / stepper.values.numel())


def _attempted(attempt: Callable[[Tryout], Finding], tryout: Tryout) -> Finding:
    try:
        return attempt(tryout)
    except Refusal as refusal:
        return Finding(attempt.__name__.removeprefix("_"), False, str(error_of(refusal)))


def _own(stepper: Stepper) -> Tensor:
    """Return the parameters of the row's own class, without those of its `rest`."""
    groups = stepper.optimizers[0].param_groups
    return torch.cat([parameter.detach().flatten() for group in groups for parameter in group["params"]])


# What is tried


def _steps(tryout: Tryout) -> Finding:
    finding = partial(Finding, "steps")
    try:
        rows.check_values(tryout.row)
        for network in (linear, convolutional):
            if problem := _stuck(tryout, network()):
                return finding(False, problem)
        return finding(True, _sizes(tryout))
    except Refusal as refusal:
        if refusal.code in _OF_THE_CLASS:
            return finding(False, str(error_of(refusal)))
        raise


def _stuck(tryout: Tryout, network: nn.Module) -> str:
    stepper = tryout.start(network=lambda: network)
    before = [parameter.detach().clone() for parameter in network.parameters()]
    # some begin to move after ten
    tryout.go(stepper, _LATER)
    after = list(network.parameters())
    if not all(parameter.isfinite().all() for parameter in after):
        infinite = f"After {_LATER} steps with gradients of ordinary size, some parameters are not finite."
        return f"{infinite} {_shared_memory(tryout)}".rstrip()
    still = sum(torch.equal(old, new) for old, new in zip(before, after, strict=True))
    if still == len(after):
        return f"After {_LATER} steps, no parameter has changed."
    if still:
        return (
            f"After {_LATER} steps, {still} of {len(after)} tensors of parameters have not changed. A class for "
            "matrices only needs a `rest`: the optimizer of the other parameters."
        )
    return ""


def _sizes(tryout: Tryout) -> str:
    stepper = tryout.start()
    signs = torch.where(torch.arange(len(stepper.values)) % 2 == 0, 1.0, -1.0)
    sizes = []
    for _ in range(_LATER):
        before = stepper.values.clone()
        stepper.gradients.copy_(signs)
        stepper.step()
        sizes.append(float((stepper.values - before).square().mean().sqrt()) / tryout.learning_rate)
    if not np.isfinite(sizes).all():
        return "It steps, but where all gradients are 1 or −1, some parameters become infinite or NaN."
    return (
        f"It steps. With gradients of 1 and −1, the first step changes a parameter by {sizes[0]:.3g} times the "
        f"learning rate (root mean square), step {_LATER} by {sizes[-1]:.3g} times."
    )


def _decreases_a_quadratic(tryout: Tryout) -> Finding:
    finding = partial(Finding, "decreases_a_quadratic")
    ends = {tryout.learning_rate * factor: _end(tryout, factor) for factor in _FACTORS}
    rate, best = min(ends.items(), key=lambda item: item[1])
    if best < 1:
        return finding(
            True,
            f"At learning rate {rate:g}, {_QUADRATIC_STEPS} steps bring a quadratic function from 1 to {best:.2g}.",
        )
    tried = listed(f"{rate:g}" for rate in ends)
    return finding(
        False,
        f"At none of the learning rates {tried} do {_QUADRATIC_STEPS} steps decrease a quadratic function: its "
        "steps may have the wrong sign, or another size than the learning rate suggests.",
    )


def _end(tryout: Tryout, factor: float) -> float:
    """Return the height after the steps, as a share of that at the start; infinity where it is not finite."""
    stepper = tryout.start(factor)
    start = height(stepper.values)
    for _ in range(_QUADRATIC_STEPS):
        stepper.gradients.copy_(slope(stepper.values))
        stepper.step()
    with stepper.averaged():
        end = height(stepper.values) / start
    return end if np.isfinite(end) else float("inf")


def _deterministic(tryout: Tryout) -> Finding:
    finding = partial(Finding, "deterministic")
    if torch.equal(_repeated(tryout), _repeated(tryout)):
        return finding(True, "The same start and the same gradients give the same parameters, bit for bit.")
    return finding(
        False,
        "Two runs with the same start and the same gradients differ: no result could be repeated. Random numbers "
        "without a seed do this, or the order of a set.",
    )


def _repeated(tryout: Tryout) -> Tensor:
    """Return the parameters of a run that draws random numbers as a training does: only torch's have a seed."""
    with determinism.random_numbers(0):
        return tryout.go(tryout.start(), _STEPS, seeded=False)


def _no_global_random_numbers(tryout: Tryout) -> Finding:
    finding = partial(Finding, "no_global_random_numbers")
    # drawn beforehand: a network's initial weights come from torch's global stream
    network = convolutional()
    before = global_random_numbers()
    tryout.go(tryout.start(network=lambda: network), _STEPS, seeded=False)
    used = [name for name, state in global_random_numbers().items() if state != before[name]]
    if not used:
        return finding(True, "It draws no random numbers from a global stream.")
    means = (
        "a training seeds it, but a network with dropout would not drop the same as with other optimizers"
        if used == ["torch"]
        else "no training seeds that of numpy or random, so results could not be repeated"
    )
    return finding(
        False,
        f"It draws random numbers from the global stream of {listed(used)}: {means}. Draw from a torch.Generator "
        "with a seed of its own.",
    )


def _state_is_saved(tryout: Tryout) -> Finding:
    finding = partial(Finding, "state_is_saved")
    stepper = tryout.start()
    tryout.go(stepper, _STEPS)
    try:
        saved = pickle.dumps([optimizer.state_dict() for optimizer in stepper.optimizers])
        resumed = tryout.start()
        resumed.values.copy_(stepper.values)
        for optimizer, state in zip(resumed.optimizers, pickle.loads(saved), strict=True):  # noqa: S301, TID251 - ours
            optimizer.load_state_dict(state)
    except Exception as error:  # noqa: BLE001 - a class from elsewhere may raise anything
        return finding(
            False, f"Its `state_dict` cannot be saved and loaded: {type(error).__name__}: {error}. {_NO_RESUME}"
        )
    whole, broken = (tryout.go(each, _STEPS, first=_STEPS) for each in (stepper, resumed))
    if torch.equal(whole, broken):
        return finding(
            True, "Saved by `state_dict`, pickled and loaded into a new instance, it goes on in the same way."
        )
    return finding(
        False,
        "Saved by `state_dict`, pickled and loaded into a new instance, it goes on in another way: it keeps something "
        f"outside its `state` and its groups, or loads it in another type. {_NO_RESUME}",
    )


_NO_RESUME = "A study is not affected; a training that is resumed from a checkpoint is."


def _respects_learning_rate(tryout: Tryout) -> Finding:
    finding = partial(Finding, "respects_learning_rate")
    if not _differ(tryout, built=0.1):
        return finding(
            False,
            "The learning rate that it is built with changes nothing: all trials of a search would give the same "
            "result, and a schedule would have no effect.",
        )
    if not _differ(tryout, scaled=0.1):
        return finding(
            False,
            "A learning rate that is changed between steps changes nothing: a schedule or a warm-up would have no "
            "effect. A step must read `group['lr']` each time.",
        )
    return finding(True, "Another learning rate gives other parameters, whether from the start or between steps.")


def _differ(tryout: Tryout, built: float = 1.0, scaled: float = 1.0) -> bool:
    """Return whether a factor on the learning rate, at the start or between steps, changes the parameters."""
    plain, other = tryout.start(), tryout.start(built)
    for stepper, factor in ((plain, 1.0), (other, scaled)):
        tryout.go(stepper, 2)
        stepper.scale_learning_rate(factor)
        tryout.go(stepper, _LATER, first=2)
    return not torch.equal(_own(plain), _own(other))


def _does_not_touch_others(tryout: Tryout) -> Finding:
    problem = _shared_memory(tryout) or _shared_between_instances(tryout) or _changed_without_gradient(tryout)
    right = "It changes its own parameters only, and two instances do not disturb each other."
    return Finding("does_not_touch_others", not problem, problem or right)


def _shared_memory(tryout: Tryout) -> str:
    """Say which tensors of the state are one and the same memory, and written to."""
    stepper = tryout.start()
    tryout.go(stepper, _STEPS)
    for optimizer in stepper.optimizers:
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        kept = [tensor for tensor in state_tensors(optimizer) if tensor.numel() > 1]
        before = [tensor.clone() for tensor in kept]
        tryout.go(stepper, 1, first=_STEPS)
        written = [tensor for tensor, old in zip(kept, before, strict=True) if not torch.equal(tensor, old)]
        places = [tensor.data_ptr() for tensor in written]
        if len(set(places)) < len(places):
            return (
                "Two tensors of its state are the same memory, so that writing to one changes the other. Each needs a "
                "tensor of its own (`torch.zeros_like` once for each, or `clone()`)."
            )
        if not set(places).isdisjoint(parameter.data_ptr() for parameter in parameters):
            return (
                "A tensor of its state is the parameter itself, so that every step changes it. Keep a copy instead "
                "(`parameter.detach().clone()`)."
            )
    return ""


def _shared_between_instances(tryout: Tryout) -> str:
    alone = tryout.go(tryout.start(), _STEPS)
    one, other = tryout.start(), tryout.start()
    for step in range(_STEPS):
        tryout.go(one, 1, first=step)
        tryout.go(other, 2, first=100 + 2 * step)
    if torch.equal(alone, one.values):
        return ""
    return (
        "A second instance, which trains at the same time, changes the steps of the first: they share something, such "
        "as an attribute of the class or of its module. Trainings in one process would disturb each other."
    )


def _changed_without_gradient(tryout: Tryout) -> str:
    stepper = tryout.start()
    tryout.go(stepper, 1)
    for optimizer in stepper.optimizers:
        first, *others = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        if not others:
            continue
        first.grad = None
        before = first.detach().clone()
        # one that refuses such a parameter does not change it
        with suppress(Exception):
            optimizer.step()
        if not torch.equal(first.detach(), before):
            return (
                "It changes a parameter that has no gradient (`grad` is None): frozen layers would not stay as they "
                "are."
            )
    return ""
