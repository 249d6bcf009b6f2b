"""Adam's drawback is the cost of its computation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison import verdict_wording
from pipeline.comparison.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence
    from pipeline.results.cost import StepCost

ID = "adam_costs_compute"
TITLE = "Adam's drawback is the cost of its computation"
QUOTE = "Adam's drawback is the cost of its computation."
RULE = (
    "Time decides: the time of a whole training step with Adam relative to plain SGD, measured in turns within one "
    "process; median over rounds with its 95 % interval. Supported if the whole interval lies above the cost "
    "margin; refuted if it lies wholly below one over the margin (Adam is then cheaper); no meaningful difference "
    "if it lies wholly between the two; otherwise inconclusive. There is no p: rounds are no seeds. The memory of "
    "Adam's state is told beside it; it is a count and needs no test. Both hold for this machine and network only."
)
NEEDS = ("results/cost.json: time per step and bytes of state of Adam",)


def judge(evidence: Evidence) -> Verdict:
    """Judge the claim on the timings."""
    cost = evidence.step_cost("adam")
    low, high = (cost.step_ratio.low, cost.step_ratio.high) if cost else (None, None)
    if cost is None or low is None or high is None:
        return verdict_wording.not_tested(ID, RULE, "the cost of Adam's step was not measured")
    outcome = _outcome(low, high, evidence.settings.margins.cost)
    return Verdict(
        claim=ID,
        outcome=outcome,
        sentence=_sentence(outcome, cost),
        rule=RULE,
        what_would_change_it=(
            "Another network or machine: the larger the network's own share of a step, the closer the ratio "
            "comes to 1; fused and foreach implementations differ too."
        ),
        effect=cost.step_ratio.median,
        low=low,
        high=high,
        unit="times",
        test="no test: median over rounds with its 95 % interval",
    )


def _outcome(low: float, high: float, margin: float) -> Outcome:
    if low > margin:
        return Outcome.SUPPORTED
    if high < 1 / margin:
        return Outcome.REFUTED
    if low >= 1 / margin and high <= margin:
        return Outcome.NO_MEANINGFUL_DIFFERENCE
    return Outcome.INCONCLUSIVE


def _sentence(outcome: Outcome, cost: StepCost) -> str:
    lead = {
        Outcome.SUPPORTED: "Adam's step costs more than SGD's",
        Outcome.REFUTED: "Adam's step costs less than SGD's",
        Outcome.NO_MEANINGFUL_DIFFERENCE: "Adam's step costs about what SGD's does",
    }.get(outcome, "The timings do not decide it")
    ratio = cost.step_ratio
    return (
        f"{lead}: a whole training step takes {ratio.median:.3g} times as long "
        f"(95 % interval {ratio.low:.3g} to {ratio.high:.3g}), the update alone "
        f"{cost.optimizer_ratio.median:.3g} times; Adam keeps {cost.state_bytes_per_parameter:.3g} bytes of state a "
        "parameter."
    )
