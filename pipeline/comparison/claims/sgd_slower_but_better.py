"""SGD methods need more time, but give a better result and the lowest loss."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import ADAPTIVE, NOT_ADAPTIVE, Claim, Part, complete_and
from pipeline.comparison.measures import SECONDS_TO_LOSS, TEST_ACCURACY, TRAIN_LOSS
from pipeline.comparison.outside import MIXED, REFUTES, Outside

_WHERE = complete_and("cifar10_longer")

CLAIM = Claim(
    title="SGD methods take longer, but end better and at a lower loss",
    says="SGD methods need more time, but give a better result and reach the lowest loss.",
    tested=(
        "Test results and final training loss of the SGD methods against the adaptive ones; seconds until three "
        "targets as the concession."
    ),
    rule=(
        "The mean of the optimizers without adaptive rates (comparison.not_adaptive) against the mean of the "
        "adaptive ones (comparison.adaptive), on every problem that all optimizers took part in and on "
        "cifar10_longer, the longest training. Two parts decide: better on the test examples (accuracy, or loss "
        "where the problem is judged by it), and a lower training loss after the last step. That the SGD methods "
        "need more time (seconds until three training losses) is conceded: it is shown, and decides nothing."
    ),
    needs=("test results and training losses of optimizers with and without adaptive rates",),
    yes="SGD methods end with better test results and a lower training loss",
    no="SGD methods do not end with better test results and a lower training loss",
    same="SGD methods and adaptive ones do not end differently in both respects",
    undecided="The data do not decide whether SGD methods end better and lower",
    parts=(
        Part(
            title="SGD methods take longer",
            measures=SECONDS_TO_LOSS,
            a=ADAPTIVE,
            b=NOT_ADAPTIVE,
            on=_WHERE,
            concession=True,
        ),
        Part(title="a better result", measures=(TEST_ACCURACY,), a=NOT_ADAPTIVE, b=ADAPTIVE, on=_WHERE),
        Part(title="the lower loss", measures=(TRAIN_LOSS,), a=NOT_ADAPTIVE, b=ADAPTIVE, on=_WHERE),
    ),
    outside=(
        Outside(
            source=outside.CHOI,
            finding=(
                "Fully tuned, adaptive methods never did worse than SGD and momentum, in results and in steps to them."
            ),
            found=REFUTES,
            differs=(
                "its searches are much larger than our twelve points, and so find more of what adaptive methods can do"
            ),
        ),
        Outside(
            source=outside.WILSON,
            finding=(
                "SGD ended with better results on unseen data, also where an adaptive method had the better training "
                "result."
            ),
            found=MIXED,
            differs="it supports the better result, but not the lowest loss",
        ),
    ),
)
