"""NAdam reaches more accuracy than Adam on validation data."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import Claim, Part, complete, row
from pipeline.comparison.measures import VALIDATION_ACCURACY
from pipeline.comparison.outside import REFUTES, Outside

CLAIM = Claim(
    title="NAdam validates better than Adam",
    says="NAdam reaches a higher accuracy than Adam on the validation data.",
    tested="NAdam's validation results against Adam's.",
    rule=(
        "NAdam against Adam on the validation examples after the last epoch (accuracy, or loss where the problem is "
        "judged by it), on every problem that all optimizers took part in."
    ),
    needs=("validation results of NAdam and Adam",),
    yes="NAdam does better than Adam on validation data",
    no="NAdam does not do better than Adam on validation data",
    same="NAdam and Adam do equally well on validation data",
    undecided="The data do not decide which of the two does better on validation data",
    parts=(
        Part(
            title="better on validation data",
            measures=(VALIDATION_ACCURACY,),
            a=row("nadam"),
            b=row("adam"),
            on=complete,
        ),
    ),
    outside=(
        Outside(
            source=outside.SCHMIDT,
            finding="No newer method, NAdam among them, beat Adam significantly and consistently.",
            found=REFUTES,
            differs="its tasks and its tuning budgets are others",
        ),
    ),
)
