"""With an ill-chosen initial rate Adadelta gives a better result."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import EACH_OTHER, Claim, Part, complete, row
from pipeline.comparison.decisions import generally_above_the_middle
from pipeline.comparison.measures import ONE_TRIAL
from pipeline.comparison.outside import SUPPORTS, Outside

CLAIM = Claim(
    title="Adadelta forgives an ill-chosen learning rate",
    says="Where the initial learning rate is ill chosen, Adadelta gives a better result.",
    tested=(
        "The results of single trials of the search, whose settings nobody chose; after two trials, and a decade off "
        "the best rate, they are shown in the comparison and decide nothing."
    ),
    rule=(
        "The search tries the same points of the unit cube for every row, in ranges of three decades of learning rates "
        "around a centre for each kind, with one seed. Point by point, Adadelta's validation result (accuracy, or loss "
        "where the problem is judged by it) is compared with that of each other optimizer, on every problem that all "
        "took part in; the pairs are the points. A trial that diverged counts as the worst. The margin is "
        "comparison.margins.search (search_loss)."
    ),
    needs=("searches of Adadelta and of another optimizer over the same points",),
    yes="Adadelta gives better results than most others when the settings are ill chosen",
    no="Adadelta does not give better results than most others when the settings are ill chosen",
    same="Ill-chosen settings cost Adadelta as much as the others",
    undecided="The searches do not decide whether Adadelta forgives more",
    parts=(
        Part(
            title="a single trial does better",
            measures=(ONE_TRIAL,),
            a=row("adadelta"),
            b=EACH_OTHER,
            on=complete,
            rule=generally_above_the_middle,
        ),
    ),
    outside=(
        Outside(
            source=outside.ZEILER,
            finding=(
                "Adadelta was presented as a method whose learning rate needs no tuning by hand, and which is robust "
                "to its own settings."
            ),
            found=SUPPORTS,
            differs="it is older than Adam, and was tried on handwritten digits and on speech",
        ),
    ),
)
