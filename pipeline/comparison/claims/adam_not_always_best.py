"""The question of the study: Adam is not the best under all conditions."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import EACH_OTHER, SUPPORTED, Claim, Outside, Part, everywhere, row
from pipeline.comparison.decisions import somewhere
from pipeline.comparison.measures import TEST_ACCURACY

CLAIM = Claim(
    title="Adam is not always the best optimizer",
    says="It stands to reason that Adam is not the best under all conditions; its rivals have their uses.",
    tested="Whether some other optimizer is clearly better than Adam on some problem.",
    rule=(
        "On every problem each other optimizer is compared with Adam on the test examples: by accuracy, or by loss "
        "where the problem is judged by its loss. One clear loss of Adam suffices; no study can show that Adam is "
        "always the best."
    ),
    needs=("test results of Adam and of at least one other optimizer on one problem",),
    yes="No, Adam is not always the best optimizer",
    no="Nothing beat Adam on these problems, which does not prove that it always is the best",
    same="On these problems every optimizer is as good as Adam",
    undecided="No other optimizer is shown to beat Adam, but some may",
    parts=(
        Part(
            title="a rival is better",
            measures=(TEST_ACCURACY,),
            a=EACH_OTHER,
            b=row("adam"),
            on=everywhere,
            rule=somewhere,
        ),
    ),
    outside=(
        Outside(
            source=outside.SCHMIDT,
            finding="How well an optimizer does varies greatly between tasks, and none clearly dominates all of them.",
            agrees_with=(SUPPORTED,),
            differs="their eight problems are others, and most are trained for longer",
        ),
        Outside(
            source=outside.ALGOPERF,
            finding=(
                "Distributed Shampoo (tuned) and Schedule-Free AdamW (untuned) reached the targets sooner than the "
                "NAdamW baseline, by about 28 % and 8 % of the time."
            ),
            agrees_with=(SUPPORTED,),
            differs="its winners take no part here, and it scores the time to a target",
        ),
        Outside(
            source=outside.WEN,
            finding=(
                "In language-model training Muon and Soap were faster than a well-tuned AdamW: 1.4 times with 0.1 "
                "billion parameters, 1.1 times with 1.2 billion."
            ),
            agrees_with=(SUPPORTED,),
            differs="their models are a thousand times larger",
        ),
        Outside(
            source=outside.NANOGPT,
            finding="To the same loss of a small language model, tuned AdamW needs 4,950 steps and Muon 3,250.",
            agrees_with=(SUPPORTED,),
            differs="it counts steps, whatever their time, on another kind of network",
        ),
        Outside(
            source=outside.CHOI,
            finding="Fully tuned, Adam never did worse than SGD and momentum, which it contains as special cases.",
            differs="it speaks only of rivals that Adam contains, with much larger searches than our twelve points",
        ),
    ),
    is_the_question=True,
)
