"""Where data are very sparse, Adadelta can be used."""

from __future__ import annotations

from pipeline.comparison.claim import NOT_ADAPTIVE, SPARSE, Claim, Part, only, row
from pipeline.comparison.measures import TEST_ACCURACY

CLAIM = Claim(
    title="Where data are very sparse, Adadelta is a good choice",
    says="Where the data are very sparse, Adadelta can be used.",
    tested="Adadelta's test results on sparse data, against the methods without adaptive rates.",
    rule=(
        "Adadelta against the mean of the optimizers without adaptive rates (comparison.not_adaptive) on the test "
        "examples of the sparse problems (visual_words; digits_words in the demo). That it can be used is taken to "
        "mean that it does better there than what one would use otherwise."
    ),
    needs=("problem visual_words or digits_words: Adadelta, and an optimizer without adaptive rates",),
    yes="On sparse data Adadelta does better than the methods without adaptive rates",
    no="On sparse data Adadelta does worse than the methods without adaptive rates",
    same="On sparse data Adadelta does as well as the methods without adaptive rates",
    undecided="The data do not decide whether Adadelta is the better choice on sparse data",
    parts=(
        Part(
            title="better on sparse data",
            measures=(TEST_ACCURACY,),
            a=row("adadelta"),
            b=NOT_ADAPTIVE,
            on=only(*SPARSE),
        ),
    ),
)
