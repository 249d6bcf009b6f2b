"""The 47 % come from training two epochs only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison.claim import Claim, by_pairs
from pipeline.comparison.decisions import ALIKE, BETTER, WORSE, VerdictKind, decided_by, family, untested
from pipeline.comparison.measures import TEST_ACCURACY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.comparison.decisions import Decision
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.pairs import Pair


def _pairs(evidence: Evidence) -> list[Pair]:
    figure = evidence.settings.assignment_accuracy
    return [
        evidence.against("cifar10", "adam", figure, "the assignment", TEST_ACCURACY),
        evidence.pair_of_problems("cifar10_longer", "cifar10", "adam", TEST_ACCURACY),
    ]


def _decide(pairs: Sequence[Pair], evidence: Evidence) -> Decision:
    missing = [pair.reason for pair in pairs if pair.found is None]
    if missing:
        return untested(missing[0])
    short, longer = family(pairs)
    two_epochs, more_epochs = (tested.conclusion(evidence.settings.alpha) for tested in (short, longer))
    if two_epochs == BETTER:
        return decided_by(VerdictKind.REFUTED, short)
    if more_epochs == WORSE:
        return decided_by(VerdictKind.REFUTED, longer)
    if more_epochs == ALIKE:
        return decided_by(VerdictKind.NO_MEANINGFUL_DIFFERENCE, longer)
    if (two_epochs, more_epochs) == (ALIKE, BETTER):
        return decided_by(VerdictKind.SUPPORTED, longer)
    return decided_by(VerdictKind.INCONCLUSIVE, short if more_epochs == BETTER else longer)


CLAIM = Claim(
    title="The 47 % come from training two epochs only",
    quote="The 47 % come from training two epochs only.",
    rule=(
        "Adam's test accuracy after two epochs (cifar10) against the assignment's figure, and against its own after "
        "longer training (cifar10_longer, the seeds that both share). Refuted if two epochs alone give significantly "
        "more than the assignment's figure, beyond the accuracy margin (then something else holds it down too), or if "
        "longer training is significantly worse. Supported if two epochs give the assignment's figure within the "
        "margin and longer training is significantly better, beyond the margin. No meaningful difference if longer "
        "training changes nothing beyond the margin. Otherwise inconclusive. Holm over the two comparisons."
    ),
    needs=("problems cifar10 and cifar10_longer: test accuracy of Adam",),
    find=by_pairs(
        _pairs,
        _decide,
        yes="Two epochs give the assignment's figure, and more epochs give more",
        no="The few epochs alone do not explain the assignment's figure",
    ),
)
