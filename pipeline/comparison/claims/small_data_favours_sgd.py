"""With little data SGD beats Adam."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import Claim, Part, only, row
from pipeline.comparison.measures import TEST_ACCURACY
from pipeline.comparison.outside import REFUTES, Outside

CLAIM = Claim(
    title="With little data SGD beats Adam",
    says="With little data SGD does better than Adam.",
    tested="Plain SGD's test accuracy against Adam's after training on 1,000 images (cats_dogs).",
    rule="Plain SGD against Adam by test accuracy on cats_dogs, and on no other problem.",
    needs=("problem cats_dogs: test accuracy of SGD and Adam",),
    yes="With little data SGD is better than Adam",
    no="With little data SGD is worse than Adam",
    same="With little data SGD and Adam do equally well",
    undecided="The data do not decide which is better with little data",
    parts=(
        Part(
            title="better with little data",
            measures=(TEST_ACCURACY,),
            a=row("sgd"),
            b=row("adam"),
            on=only("cats_dogs"),
        ),
    ),
    outside=(
        Outside(
            source=outside.CHOI,
            finding="Fully tuned, Adam never did worse than SGD.",
            found=REFUTES,
            differs="its data sets are larger, and its searches much larger than our twelve points",
        ),
    ),
)
