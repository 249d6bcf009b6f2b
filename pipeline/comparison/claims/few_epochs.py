"""The 47 % come from training two epochs only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison import decisions, verdict_wording
from pipeline.comparison.decisions import Decision, how
from pipeline.comparison.measures import TEST_ACCURACY
from pipeline.comparison.verdict import Outcome

if TYPE_CHECKING:
    from pipeline.comparison.decisions import Tested
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.verdict import Verdict

ID = "few_epochs"
TITLE = "The 47 % come from training two epochs only"
QUOTE = "The 47 % come from training two epochs only."
RULE = (
    "Adam's test accuracy after two epochs (cifar10) against the assignment's figure, and against its own after "
    "longer training (cifar10_longer, the seeds that both share). Refuted if two epochs alone give significantly "
    "more than the assignment's figure, beyond the accuracy margin (then something else holds it down too), or if "
    "longer training is significantly worse. Supported if two epochs give the assignment's figure within the "
    "margin and longer training is significantly better, beyond the margin. No meaningful difference if longer "
    "training changes nothing beyond the margin. Otherwise inconclusive. Holm over the two comparisons."
)
NEEDS = ("problems cifar10 and cifar10_longer: test accuracy of Adam",)


def judge(evidence: Evidence) -> Verdict:
    """Judge the claim on cifar10 and cifar10_longer."""
    figure = evidence.settings.assignment_accuracy
    pairs = [
        evidence.against("cifar10", "adam", figure, "the assignment", TEST_ACCURACY),
        evidence.pair_of_problems("cifar10_longer", "cifar10", "adam", TEST_ACCURACY),
    ]
    missing = [pair.reason for pair in pairs if pair.found is None]
    if missing:
        return verdict_wording.not_tested(ID, RULE, missing[0])
    short, longer = decisions.family(pairs)
    return verdict_wording.verdict(
        ID,
        RULE,
        _decide(short, longer, evidence.settings.alpha),
        evidence,
        ["cifar10", "cifar10_longer"],
        yes="Two epochs give the assignment's figure, and more epochs give more",
        no="The few epochs alone do not explain the assignment's figure",
    )


def _decide(short: Tested, longer: Tested, alpha: float) -> Decision:
    found = (short.outcome(alpha), longer.outcome(alpha))
    if found[0] == "better":
        return _by(Outcome.REFUTED, short)
    if found[1] == "worse":
        return _by(Outcome.REFUTED, longer)
    if found[1] == "no meaningful difference":
        return _by(Outcome.NO_MEANINGFUL_DIFFERENCE, longer)
    if found == ("no meaningful difference", "better"):
        return _by(Outcome.SUPPORTED, longer)
    return _by(Outcome.INCONCLUSIVE, short if found[1] == "better" else longer)


def _by(outcome: Outcome, decisive: Tested) -> Decision:
    return Decision(outcome, decisive, decisive.p, how(decisive))
