"""The newer SGD methods converge more easily and faster than SGD."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import NEWER_SGD, Claim, Part, complete, row
from pipeline.comparison.measures import GOOD_SETTINGS, IMAGES_TO_LOSS, SECONDS_TO_LOSS
from pipeline.comparison.outside import MIXED, SUPPORTS, Outside

CLAIM = Claim(
    title="The newer SGD methods converge more easily and faster than SGD",
    says="The newer SGD methods (momentum, Nesterov) converge more easily and faster than SGD.",
    tested=(
        "Training examples and seconds until three targets of the training loss; and the share of the searched "
        "settings that are good ones."
    ),
    rule=(
        "The mean of SGD + momentum and SGD + Nesterov against plain SGD, on every problem that all optimizers took "
        "part in. Faster: fewer examples, and fewer seconds, until each of three training losses, fixed beforehand. "
        "More easily: a larger share of good settings among the points that the search tries for every row; a point "
        "is good if its validation result comes within comparison.margins.search (search_loss) of the row's best "
        "one; the pairs are the points, one seed each."
    ),
    needs=(
        "examples until a target training loss, of SGD and of momentum or Nesterov",
        "the time of a step",
        "their searches over the same points",
    ),
    yes="The newer SGD methods converge faster than SGD, and more settings are good ones",
    no="The newer SGD methods do not converge both faster and more easily than SGD",
    same="The newer SGD methods are not both noticeably faster and easier than SGD",
    undecided="The data do not decide whether the newer SGD methods converge faster and more easily",
    parts=(
        Part(title="faster, in examples", measures=IMAGES_TO_LOSS, a=NEWER_SGD, b=row("sgd"), on=complete),
        Part(title="faster, in seconds", measures=SECONDS_TO_LOSS, a=NEWER_SGD, b=row("sgd"), on=complete),
        Part(title="more easily", measures=(GOOD_SETTINGS,), a=NEWER_SGD, b=row("sgd"), on=complete),
    ),
    outside=(
        Outside(
            source=outside.SUTSKEVER,
            finding=(
                "Deep and recurrent networks ended much worse when SGD had no momentum, even from a good "
                "initialization."
            ),
            found=SUPPORTS,
            differs="its networks are deeper, and it does not ask how many settings are good ones",
        ),
        Outside(
            source=outside.CHOI,
            finding="Fully tuned, momentum never did worse than SGD, which it contains as a special case.",
            found=MIXED,
            differs="not worse does not mean faster, and it does not ask how easily good settings are found",
        ),
    ),
)
