"""If speed matters, use adaptive rates."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import ADAPTIVE, NOT_ADAPTIVE, Claim, Part, complete
from pipeline.comparison.measures import IMAGES_TO_LOSS, SECONDS_TO_LOSS
from pipeline.comparison.outside import MIXED, SUPPORTS, Outside

CLAIM = Claim(
    title="If speed matters, adaptive rates are the choice",
    says="If speed matters, methods with adaptive learning rates should be used.",
    tested="Training examples and seconds until three targets of the training loss, the two kinds against each other.",
    rule=(
        "The mean of the optimizers with adaptive rates (comparison.adaptive) against the mean of those without "
        "(comparison.not_adaptive), by the examples and by the seconds until each of three training losses, fixed "
        "beforehand, on every problem that all optimizers took part in. The three targets are the comparisons of a "
        "problem."
    ),
    needs=("examples until a target training loss, of optimizers of both kinds", "the time of a step"),
    yes="Methods with adaptive rates are faster",
    no="Methods with adaptive rates are not faster",
    same="Both kinds of methods are equally fast",
    undecided="The data do not decide which kind of method is faster",
    parts=(
        Part(title="in examples", measures=IMAGES_TO_LOSS, a=ADAPTIVE, b=NOT_ADAPTIVE, on=complete),
        Part(title="in seconds", measures=SECONDS_TO_LOSS, a=ADAPTIVE, b=NOT_ADAPTIVE, on=complete),
    ),
    outside=(
        Outside(
            source=outside.KUNSTNER,
            finding="Where classes have a heavy tail, as words do, Adam lowers the training loss much faster than SGD.",
            found=SUPPORTS,
            differs="most of our problems have classes of equal size, where its explanation does not apply",
        ),
        Outside(
            source=outside.WILSON,
            finding=(
                "Adaptive methods often progress faster at the start of a training, but level off sooner on unseen "
                "data."
            ),
            found=MIXED,
            differs="it speaks of the start and the end, and our targets lie between the two",
        ),
    ),
)
