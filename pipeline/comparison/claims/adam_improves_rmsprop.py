"""Adam is an improved RMSprop."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import Claim, Part, complete, row
from pipeline.comparison.measures import TEST_ACCURACY
from pipeline.comparison.outside import MIXED, Outside

CLAIM = Claim(
    title="Adam is an improved RMSprop",
    says="Adam is an improved form of RMSprop.",
    tested="Adam's test results against RMSprop's.",
    rule=(
        "Adam against RMSprop on the test examples (accuracy, or loss where the problem is judged by it), on every "
        "problem that all optimizers took part in."
    ),
    needs=("test results of Adam and RMSprop",),
    yes="Adam does better than RMSprop",
    no="Adam does not do better than RMSprop",
    same="Adam and RMSprop do equally well",
    undecided="The data do not decide whether Adam does better than RMSprop",
    parts=(Part(title="better results", measures=(TEST_ACCURACY,), a=row("adam"), b=row("rmsprop"), on=complete),),
    outside=(
        Outside(
            source=outside.SCHMIDT,
            finding=(
                "Of fifteen optimizers, Adam and RMSprop among them, none is clearly the best on all tasks, and Adam "
                "remains a strong choice."
            ),
            found=MIXED,
            differs="it reports no comparison of these two by themselves",
        ),
    ),
)
