"""On sparse data Adam is better."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import NOT_ADAPTIVE, SPARSE, Claim, Part, only, row
from pipeline.comparison.measures import TEST_ACCURACY
from pipeline.comparison.outside import SUPPORTS, Outside

CLAIM = Claim(
    title="On sparse data Adam is better",
    says="On sparse data Adam does better.",
    tested="Adam's test results on sparse data and on words, against the methods without adaptive rates.",
    rule=(
        "Adam against the mean of the optimizers without adaptive rates (comparison.not_adaptive) on the test examples "
        "(accuracy, or loss where the problem is judged by it) of the problems whose inputs are sparse (visual_words; "
        "digits_words in the demo), and of next_word, whose words are rare."
    ),
    needs=("problem visual_words or next_word: Adam, and an optimizer without adaptive rates",),
    yes="On sparse data Adam does better than the methods without adaptive rates",
    no="On sparse data Adam does not do better than the methods without adaptive rates",
    same="On sparse data Adam does as well as the methods without adaptive rates",
    undecided="The data do not decide whether Adam does better on sparse data",
    parts=(
        Part(
            title="better on sparse data",
            measures=(TEST_ACCURACY,),
            a=row("adam"),
            b=NOT_ADAPTIVE,
            on=only(*SPARSE, "next_word"),
        ),
    ),
    outside=(
        Outside(
            source=outside.KUNSTNER,
            finding=(
                "With many rare classes, such as words, SGD lowers their loss slowly and Adam does not: in "
                "transformers, convolutional networks and linear models."
            ),
            found=SUPPORTS,
            differs="it measures the loss on training data, and its rare things are classes, not inputs",
        ),
    ),
)
