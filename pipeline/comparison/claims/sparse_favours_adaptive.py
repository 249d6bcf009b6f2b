"""On sparse data the adaptive methods win."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison.claim import Claim, by_pairs
from pipeline.comparison.decisions import somewhere
from pipeline.comparison.measures import TEST_ACCURACY

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.pairs import Pair

PROBLEMS = ("visual_words", "digits_words")


def _champions(evidence: Evidence) -> list[Pair]:
    """Return the best adaptive optimizer against the best other one, on each sparse problem that has both."""
    settings = evidence.settings
    best = {
        problem: [evidence.best_by_tuning(problem, among) for among in (settings.adaptive, settings.not_adaptive)]
        for problem in PROBLEMS
    }
    return [
        evidence.pair(problem, adaptive, other, TEST_ACCURACY)
        for problem, (adaptive, other) in best.items()
        if adaptive is not None and other is not None
    ]


CLAIM = Claim(
    title="On sparse data the adaptive methods win",
    quote="On sparse data the adaptive methods win.",
    rule=(
        "On each sparse problem of the study (visual_words, digits_words) the best adaptive optimizer meets the best "
        "one that is not adaptive, both chosen by the learning-rate search alone, whose seed the comparison does not "
        "use; their test accuracies are compared (Holm over the problems). Supported if the adaptive one is better on "
        "at least one problem and worse on none; refuted the other way round; within the accuracy margin on all is no "
        "meaningful difference; otherwise inconclusive."
    ),
    needs=("problem visual_words or digits_words: an adaptive optimizer and one that is not",),
    find=by_pairs(
        _champions,
        somewhere,
        yes="On sparse data the best adaptive optimizer wins",
        no="On sparse data the best optimizer is not an adaptive one",
    ),
)
