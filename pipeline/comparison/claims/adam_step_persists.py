"""The effect of Adam's learning rate does not die out."""

from __future__ import annotations

from pipeline.comparison.claim import Claim, Part, Who, constant, row
from pipeline.comparison.measures import STEP_LEFT

CLAIM = Claim(
    title="The effect of Adam's learning rate does not die out",
    says="The effect of Adam's learning rate does not die out during training.",
    tested="The share of its early step size that Adam keeps to the end, under a constant learning rate.",
    rule=(
        "A training's share of the early step is the mean size of its updates in the last quarter over that in the "
        "first. On every problem with a constant learning rate, Adam's share is compared with the one below which a "
        "step has died out (comparison.margins.step_left); any difference from it counts."
    ),
    needs=("the size of Adam's updates over a training with a constant learning rate",),
    yes="Adam's steps do not die out",
    no="Adam's steps do die out",
    same="Adam's steps shrink just to the limit",
    undecided="The data do not decide whether Adam's steps die out",
    parts=(
        Part(
            title="the step goes on",
            measures=(STEP_LEFT,),
            a=row("adam"),
            b=Who(margin="step_left", title="a step that counts as died out"),
            on=constant,
            any_difference=True,
        ),
    ),
)
