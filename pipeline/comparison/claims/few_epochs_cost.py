"""Few epochs are a likely cause of the low accuracy."""

from __future__ import annotations

from pipeline.comparison.claim import Claim, Part, only, row
from pipeline.comparison.measures import TEST_ACCURACY

CLAIM = Claim(
    title="Few epochs are a cause of the low accuracy",
    says="The few epochs of training are a likely cause of the low accuracy.",
    tested="The assignment's own training (Adam at 0.001, constant rate, no tuning) for five epochs against two.",
    rule=(
        "Adam's test accuracy after five epochs (assignment_longer) against two (assignment_batch64), all else "
        "equal, on the seeds that both share. With five seeds test and interval are Student's, and likeness cannot "
        "be shown."
    ),
    needs=("problems assignment_batch64 and assignment_longer: test accuracy of Adam",),
    yes="Yes, more epochs give a higher accuracy: the few epochs cost some",
    no="No, more epochs do not give a higher accuracy",
    same="More epochs make no difference that matters",
    undecided="The data do not decide whether more epochs give a higher accuracy",
    parts=(
        Part(
            title="more epochs do better",
            measures=(TEST_ACCURACY,),
            a=row("adam", problem="assignment_longer"),
            b=row("adam", problem="assignment_batch64"),
            on=only("assignment_longer"),
        ),
    ),
)
