"""Adam has a high accuracy on training data, perhaps the best."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import EACH_OTHER, Claim, Part, complete, row
from pipeline.comparison.decisions import generally_above_the_middle
from pipeline.comparison.measures import TRAIN_ACCURACY
from pipeline.comparison.outside import MIXED, Outside

CLAIM = Claim(
    title="Adam has a high accuracy on training data",
    says="Adam has a high accuracy on the training data, perhaps the best of all.",
    tested=(
        "Adam's training results against those of each other optimizer. 'High' decides; whether any is better is seen "
        "in the table, because the assignment says perhaps."
    ),
    rule=(
        "Adam against each other optimizer by the accuracy on the training examples after the last step (by the "
        "training loss where the problem is judged by its loss), on every problem that all optimizers took part in. "
        "Each seed picks the setting that does best by this measure. High means: above the middle of the field."
    ),
    needs=("training results of Adam and of other optimizers",),
    yes="Adam's accuracy on training data is high: it lies above the middle of the field",
    no="Adam's accuracy on training data is not high: it does not lie above the middle of the field",
    same="Adam's accuracy on training data is about that of most other optimizers",
    undecided="The data do not decide whether Adam's accuracy on training data is high",
    parts=(
        Part(
            title="above the middle of the field",
            measures=(TRAIN_ACCURACY,),
            a=row("adam"),
            b=EACH_OTHER,
            on=complete,
            rule=generally_above_the_middle,
        ),
    ),
    outside=(
        Outside(
            source=outside.WILSON,
            finding="Adaptive methods had the better training result on some tasks, and SGD on others.",
            found=MIXED,
            differs="it ranks no optimizer by its training results",
        ),
    ),
)
