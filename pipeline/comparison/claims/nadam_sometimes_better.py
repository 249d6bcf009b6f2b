"""In some cases NAdam is better than Adam."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import Claim, Part, complete, row
from pipeline.comparison.decisions import somewhere
from pipeline.comparison.measures import TEST_ACCURACY
from pipeline.comparison.outside import MIXED, Outside

CLAIM = Claim(
    title="In some cases NAdam is better than Adam",
    says="In some cases NAdam does better than Adam.",
    tested="Whether NAdam's test results are clearly better than Adam's on some problem.",
    rule=(
        "NAdam against Adam on the test examples (accuracy, or loss where the problem is judged by it), on every "
        "problem that all optimizers took part in. One case suffices."
    ),
    needs=("test results of NAdam and Adam",),
    yes="Yes, in some cases NAdam is better than Adam",
    no="NAdam is not better than Adam in any of these cases",
    same="NAdam and Adam do equally well in all of these cases",
    undecided="No case is shown in which NAdam is better, but there may be one",
    parts=(
        Part(
            title="better somewhere",
            measures=(TEST_ACCURACY,),
            a=row("nadam"),
            b=row("adam"),
            on=complete,
            rule=somewhere,
        ),
    ),
    outside=(
        Outside(
            source=outside.SCHMIDT,
            finding="No newer method, NAdam among them, beat Adam significantly and consistently.",
            found=MIXED,
            differs="not consistently better may well be better in some cases",
        ),
    ),
)
