"""Adam does not keep its training accuracy on test and validation data."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import NOT_ADAPTIVE, Claim, Part, complete_and, row
from pipeline.comparison.measures import GAP, GAP_AT_EQUAL_FIT
from pipeline.comparison.outside import MIXED, SUPPORTS, Outside

_WHERE = complete_and("cifar10_longer")

CLAIM = Claim(
    title="Adam does not keep its training accuracy on unseen data",
    says="But Adam does not keep its accuracy on the test and validation data.",
    tested="The gap between training and test results, as it is and at equal training results.",
    rule=(
        "The generalization gap (training accuracy minus test accuracy, or test loss minus training loss where the "
        "problem is judged by its loss) of the mean of the optimizers without adaptive rates (comparison.not_adaptive) "
        "is smaller than Adam's: as it is, and at equal training results, which is the gap less what the straight line "
        "through all trainings of the problem gives for the training result. On every problem that all optimizers took "
        "part in and on cifar10_longer, the longest training. A seed that diverged has no gap."
    ),
    needs=("training and test results of Adam and of an optimizer without adaptive rates",),
    yes="Adam loses more from training to test data than the methods without adaptive rates",
    no="Adam does not lose more from training to test data than the methods without adaptive rates",
    same="Adam does not lose noticeably more from training to test data",
    undecided="The data do not decide whether Adam loses more from training to test data",
    parts=(
        Part(title="a larger gap", measures=(GAP,), a=NOT_ADAPTIVE, b=row("adam"), on=_WHERE),
        Part(
            title="a larger gap at equal training results",
            measures=(GAP_AT_EQUAL_FIT,),
            a=NOT_ADAPTIVE,
            b=row("adam"),
            on=_WHERE,
        ),
    ),
    outside=(
        Outside(
            source=outside.WILSON,
            finding="Adaptive methods did worse than SGD on unseen data, even where they did better in training.",
            found=SUPPORTS,
            differs="its trainings are far longer than most of ours",
        ),
        Outside(
            source=outside.CHOI,
            finding="Fully tuned, Adam never did worse than SGD and momentum on validation and test data.",
            found=MIXED,
            differs="it compares results on unseen data, not what is lost from training to unseen data",
        ),
    ),
)
