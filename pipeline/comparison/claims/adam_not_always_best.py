"""The question of the study: Adam is not the best under all conditions."""

from __future__ import annotations

from pipeline.comparison import outside
from pipeline.comparison.claim import EACH_OTHER, Claim, Part, everywhere, row
from pipeline.comparison.decisions import somewhere
from pipeline.comparison.measures import TEST_ACCURACY
from pipeline.comparison.outside import MIXED, SUPPORTS, Outside

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
            finding=(
                "How well an optimizer does varies greatly from task to task, and none is clearly the best on all of "
                "them."
            ),
            found=SUPPORTS,
            differs="its eight tasks and its tuning budgets are others",
        ),
        Outside(
            source=outside.WILSON,
            finding=(
                "On several image and language tasks SGD, with or without momentum, gave better results on unseen "
                "data than Adam."
            ),
            found=SUPPORTS,
            differs="it tuned the learning rate and its decay alone, and trained for much longer",
        ),
        Outside(
            source=outside.ALGOPERF,
            finding=(
                "On fixed hardware, Distributed Shampoo (tuned) reached the targets about 28 % sooner than a tuned "
                "NadamW, and Schedule-Free AdamW (untuned) about 8 % sooner than its baseline."
            ),
            found=SUPPORTS,
            differs="its winners take no part here, and it scores the time to a target",
        ),
        Outside(
            source=outside.WEN,
            finding=(
                "In the training of language models Muon and Soap were faster than a well-tuned AdamW: 1.4 times "
                "with 0.1 billion parameters, 1.1 times with 1.2 billion."
            ),
            found=SUPPORTS,
            differs="its networks are more than a thousand times as large as ours, and all are language models",
        ),
        Outside(
            source=outside.NANOGPT,
            finding=(
                "To the same loss of a small language model a tuned Muon takes 3,250 steps, and Adam 5,625; the page "
                "itself calls this entry of Adam probably undertuned."
            ),
            found=SUPPORTS,
            differs="it counts steps, however long they take, on another kind of network",
        ),
        Outside(
            source=outside.CHOI,
            finding="Fully tuned, Adam never did worse than SGD and momentum, which it contains as special cases.",
            found=MIXED,
            differs="it speaks only of rivals that Adam contains",
        ),
    ),
    is_the_question=True,
)
