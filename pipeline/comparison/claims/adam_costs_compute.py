"""Adam's drawback is the cost of its computation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison import sentences
from pipeline.comparison.claim import Claim, Verdict
from pipeline.comparison.decisions import VerdictKind

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence


def _find(evidence: Evidence) -> Verdict | None:
    cost = evidence.cost.optimizers.get("adam") if evidence.cost else None
    if cost is None or cost.step_ratio.low is None or cost.step_ratio.high is None:
        return None
    ratio, low, high = cost.step_ratio.median, cost.step_ratio.low, cost.step_ratio.high
    kind = _kind(low, high, evidence.settings.margins.cost)
    lead = sentences.lead(
        kind,
        yes="Adam's step costs more than SGD's",
        no="Adam's step costs less than SGD's",
        alike="Adam's step costs about what SGD's does",
        undecided="The timings do not decide it",
    )
    return Verdict(
        kind=kind,
        sentence=(
            f"{lead}: a whole training step takes {ratio:.3g} times as long "
            f"(95 % interval {low:.3g} to {high:.3g}), the update alone {cost.optimizer_ratio.median:.3g} times; "
            f"Adam keeps {cost.state_bytes_per_parameter:.3g} bytes of state per parameter."
        ),
        what_would_change_it=(
            "Another network or machine: the larger the network's own share of a step, the closer the ratio "
            "comes to 1; fused and foreach implementations differ too."
        ),
        effect=ratio,
        low=low,
        high=high,
        unit="times",
        test="no test: median over rounds with its 95 % interval",
    )


def _kind(low: float, high: float, margin: float) -> VerdictKind:
    if low > margin:
        return VerdictKind.SUPPORTED
    if high < 1 / margin:
        return VerdictKind.REFUTED
    if low >= 1 / margin and high <= margin:
        return VerdictKind.NO_MEANINGFUL_DIFFERENCE
    return VerdictKind.INCONCLUSIVE


CLAIM = Claim(
    title="Adam's drawback is the cost of its computation",
    quote="Adam's drawback is the cost of its computation.",
    rule=(
        "Time decides: the time of a whole training step with Adam relative to plain SGD, measured in turns within one "
        "process; median over rounds with its 95 % interval. Supported if the whole interval lies above the cost "
        "margin; refuted if it lies wholly below one over the margin (Adam is then cheaper); no meaningful difference "
        "if it lies wholly between the two; otherwise inconclusive. There is no p: rounds are no seeds. The memory of "
        "Adam's state is reported beside it; it is a count and needs no test. Both hold for this machine and network "
        "only."
    ),
    needs=("results/cost.json: time per step and bytes of state of Adam",),
    find=_find,
)
