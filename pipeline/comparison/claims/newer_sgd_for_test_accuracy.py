"""Where accuracy on unseen data matters, the newer SGD methods are better."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import (
    ADAPTIVE,
    NEWER_SGD,
    Claim,
    Part,
    complete,
)
from pipeline.comparison.measures import TEST_ACCURACY
from pipeline.comparison.outside import REFUTES, SUPPORTS, Outside

CLAIM = Claim(
    title="Where accuracy on unseen data matters, the newer SGD methods are better",
    says="(Its conclusion.) Where accuracy on unseen data matters, the newer SGD methods are better.",
    tested="Test results of momentum and Nesterov against those of the adaptive methods.",
    rule=(
        "The mean of SGD + momentum and SGD + Nesterov against the mean of the adaptive optimizers "
        "(comparison.adaptive) on the test examples (accuracy, or loss where the problem is judged by it), on every "
        "problem that all optimizers took part in."
    ),
    needs=("test results of momentum or Nesterov, and of an adaptive optimizer",),
    yes="On unseen data the newer SGD methods do better than the adaptive ones",
    no="On unseen data the newer SGD methods do not do better than the adaptive ones",
    same="On unseen data the newer SGD methods and the adaptive ones do equally well",
    undecided="It depends on the problem, or the data do not decide it",
    parts=(Part(title="better on unseen data", measures=(TEST_ACCURACY,), a=NEWER_SGD, b=ADAPTIVE, on=complete),),
    outside=(
        Outside(
            source=outside.WILSON,
            finding="SGD, with or without momentum, did better on unseen data than adaptive methods.",
            found=SUPPORTS,
            differs=(
                "it tuned the learning rate and its decay alone, so that adaptive methods may have had more to gain"
            ),
        ),
        Outside(
            source=outside.CHOI,
            finding="Fully tuned, adaptive methods never did worse than momentum and Nesterov, also on unseen data.",
            found=REFUTES,
            differs=(
                "its searches are much larger than our twelve points, and so find more of what adaptive methods can do"
            ),
        ),
        Outside(
            source=outside.SIVAPRASAD,
            finding="With few tuning trials Adam is the most practical choice over many tasks.",
            found=REFUTES,
            differs="its tasks and its search spaces are others",
        ),
    ),
)
