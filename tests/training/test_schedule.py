"""The learning rate of every step is that of torch's own schedulers."""

from __future__ import annotations

import pytest
import torch
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LinearLR, SequentialLR

from pipeline.training import optimizers
from pipeline.training.record import OptimizerRow
from pipeline.training.schedule import factor, varies

MUON = OptimizerRow("Muon", {}, OptimizerRow("AdamW"))
TORCHS = {
    "constant": lambda optimizer, steps: ConstantLR(optimizer, factor=1, total_iters=steps),
    "linear": lambda optimizer, steps: LinearLR(optimizer, start_factor=1, end_factor=0, total_iters=steps),
    "cosine": lambda optimizer, steps: CosineAnnealingLR(optimizer, T_max=steps),
}


def torchs_rates(schedule: str, warmup: int, steps: int, base: float) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
    scheduler = TORCHS[schedule](optimizer, steps - warmup)
    if warmup:
        rising = LinearLR(optimizer, start_factor=1 / (warmup + 1), end_factor=1, total_iters=warmup)
        scheduler = SequentialLR(optimizer, [rising, scheduler], [warmup])
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize("schedule", TORCHS)
@pytest.mark.parametrize(("fraction", "warmup"), [(0.0, 0), (0.1, 4), (0.5, 20)])
@pytest.mark.parametrize("row", [OptimizerRow("SGD"), OptimizerRow("Adam"), MUON], ids=lambda row: row.class_name)
def test_every_group_gets_the_rates_of_torchs_schedulers(schedule, fraction, warmup, row):
    network = torch.nn.Sequential(*(torch.nn.Linear(2, 2) for _ in range(3)))
    stepper = optimizers.build("row", row, 0.03, network)
    for step, expected in enumerate(torchs_rates(schedule, warmup, 40, 0.03)):
        stepper.scale_learning_rate(factor(schedule, fraction, step, 40))
        rates = [group["lr"] for optimizer in stepper.optimizers for group in optimizer.param_groups]
        assert rates == pytest.approx([expected] * len(rates), rel=1e-9)


@pytest.mark.parametrize(
    ("schedule", "fraction", "expected"),
    [
        ("constant", 0.0, [1, 1, 1, 1]),
        ("linear", 0.0, [1, 0.75, 0.5, 0.25]),
        ("cosine", 0.0, [1, 0.853553, 0.5, 0.146447]),
        ("constant", 0.25, [0.5, 1, 1, 1]),
        ("linear", 0.5, [1 / 3, 2 / 3, 1, 0.5]),
    ],
)
def test_by_hand(schedule, fraction, expected):
    assert [factor(schedule, fraction, step, 4) for step in range(4)] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("schedule", TORCHS)
@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.999])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_no_step_is_lost(schedule, fraction, steps):
    factors = [factor(schedule, fraction, step, steps) for step in range(steps)]
    assert all(0 < value <= 1 for value in factors)
    assert varies(schedule, fraction, steps) or set(factors) == {1.0}
