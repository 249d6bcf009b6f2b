"""Adam converges quickly."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import NOT_ADAPTIVE, Claim, Part, complete, row
from pipeline.comparison.measures import IMAGES_TO_LOSS, SECONDS_TO_LOSS
from pipeline.comparison.outside import MIXED, SUPPORTS, Outside

CLAIM = Claim(
    title="Adam converges quickly",
    says="Adam converges quickly.",
    tested=(
        "Training examples and seconds until three targets of the training loss, against the methods without adaptive "
        "rates."
    ),
    rule=(
        "Adam against the mean of the optimizers without adaptive rates (comparison.not_adaptive), by the examples and "
        "by the seconds until each of three training losses, fixed beforehand, on every problem that all optimizers "
        "took part in. The three targets are the comparisons of a problem."
    ),
    needs=(
        "examples until a target training loss, of Adam and of an optimizer without adaptive rates",
        "the time of a step",
    ),
    yes="Adam converges quickly: it is faster than the methods without adaptive rates",
    no="Adam does not converge faster than the methods without adaptive rates",
    same="Adam converges as fast as the methods without adaptive rates",
    undecided="The data do not decide whether Adam converges faster",
    parts=(
        Part(title="in examples", measures=IMAGES_TO_LOSS, a=row("adam"), b=NOT_ADAPTIVE, on=complete),
        Part(title="in seconds", measures=SECONDS_TO_LOSS, a=row("adam"), b=NOT_ADAPTIVE, on=complete),
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
            differs="it reports curves, and no time to a fixed target",
        ),
        Outside(
            source=outside.SIVAPRASAD,
            finding="With few tuning trials Adam is the most practical choice over many tasks.",
            found=MIXED,
            differs="it scores the result that a tuning budget buys, not the speed of a training",
        ),
    ),
)
