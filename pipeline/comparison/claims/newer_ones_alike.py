"""Adadelta, RMSprop and Adam mostly perform alike."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import Claim, Part, complete, row
from pipeline.comparison.decisions import mostly_alike
from pipeline.comparison.measures import TEST_ACCURACY
from pipeline.comparison.outside import MIXED, Outside

CLAIM = Claim(
    title="Adadelta, RMSprop and Adam mostly perform alike",
    says="Adadelta, RMSprop and Adam mostly perform alike and well, and differ in some cases.",
    tested=(
        "The three against each other on the test examples. How well they do is seen in the ranking, and decides "
        "nothing here."
    ),
    rule=(
        "Adadelta, RMSprop and Adam are compared with one another on the test examples (accuracy, or loss where the "
        "problem is judged by it), on every problem that all optimizers took part in, three comparisons each. Margins "
        "are wider by the factor comparison.margins.alike."
    ),
    needs=("test results of Adadelta, RMSprop and Adam on one problem",),
    yes="Adadelta, RMSprop and Adam mostly perform alike",
    no="Adadelta, RMSprop and Adam mostly perform differently",
    same="Adadelta, RMSprop and Adam mostly perform alike",
    undecided="The data do not decide whether the three mostly perform alike",
    parts=(
        Part(
            title="all three alike",
            measures=(TEST_ACCURACY,),
            a=row("adam"),
            b=row("rmsprop"),
            more=((row("adam"), row("adadelta")), (row("rmsprop"), row("adadelta"))),
            on=complete,
            rule=mostly_alike,
            likeness=True,
        ),
    ),
    outside=(
        Outside(
            source=outside.SCHMIDT,
            finding=(
                "How well an optimizer does varies greatly from task to task; Adadelta, RMSprop and Adam all took part."
            ),
            found=MIXED,
            differs="it names no group of optimizers that do equally well",
        ),
    ),
)
