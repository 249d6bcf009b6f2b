"""Adagrad slows training down; in Adadelta the step does not shrink so severely."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import Claim, Part, Who, complete, row
from pipeline.comparison.measures import IMAGES_TO_LOSS, STEP_LEFT, TRAIN_LOSS
from pipeline.comparison.outside import SUPPORTS, Outside

_LATER = Who(rows=("adadelta", "rmsprop", "adam"), title="Adadelta, RMSprop and Adam")

CLAIM = Claim(
    title="Adagrad slows training down, as its step shrinks more than Adadelta's",
    says="Adagrad slows training down; in Adadelta the quantity that does so does not shrink so severely.",
    tested=(
        "The share of the early step that is left, against Adadelta; the final training loss, and the examples until "
        "three training losses, against the adaptive methods that came after Adagrad."
    ),
    rule=(
        "On every problem that all optimizers took part in (the schedule is the same for both sides): Adadelta keeps a "
        "larger share of its early step (mean size of the updates in the last quarter over that in the first) than "
        "Adagrad; and the mean of Adadelta, RMSprop and Adam ends at a lower training loss than Adagrad, and needs "
        "fewer examples until each of three training losses, fixed beforehand."
    ),
    needs=("step sizes, training losses and examples until target training losses, of Adagrad and of Adadelta",),
    yes="Adagrad's step shrinks more than Adadelta's, and Adagrad is slower",
    no="Adagrad's step does not shrink more than Adadelta's, or Adagrad is not slower",
    same="Adagrad is not noticeably slower, or its step shrinks as Adadelta's does",
    undecided="The data do not decide whether Adagrad slows training down",
    parts=(
        Part(
            title="Adadelta's step shrinks less",
            measures=(STEP_LEFT,),
            a=row("adadelta"),
            b=row("adagrad"),
            on=complete,
        ),
        Part(title="Adagrad ends higher", measures=(TRAIN_LOSS,), a=_LATER, b=row("adagrad"), on=complete),
        Part(title="Adagrad takes longer", measures=IMAGES_TO_LOSS, a=_LATER, b=row("adagrad"), on=complete),
    ),
    outside=(
        Outside(
            source=outside.ZEILER,
            finding=(
                "Adagrad's steps shrink throughout a training, because it adds up all squared gradients; Adadelta "
                "was designed to keep only the recent ones."
            ),
            found=SUPPORTS,
            differs=(
                "it speaks of a constant learning rate, while the schedule of most of our problems shrinks the steps "
                "of both"
            ),
        ),
    ),
)
