"""On sparse data the adaptive methods win."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison import decisions, verdict_wording
from pipeline.comparison.measures import TEST_ACCURACY

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.pairs import Pair
    from pipeline.comparison.verdict import Verdict

ID = "sparse_favours_adaptive"
TITLE = "On sparse data the adaptive methods win"
QUOTE = "On sparse data the adaptive methods win."
RULE = (
    "On each sparse problem of the study (visual_words, digits_words) the best adaptive optimizer meets the best "
    "one that is not adaptive, both chosen by the learning-rate search alone, whose seed the comparison does not "
    "use; their test accuracies are compared (Holm over the problems). Supported if the adaptive one is better on "
    "at least one problem and worse on none; refuted the other way round; within the accuracy margin on all is no "
    "meaningful difference; otherwise inconclusive."
)
NEEDS = ("problem visual_words or digits_words: an adaptive optimizer and one that is not",)
PROBLEMS = ("visual_words", "digits_words")


def judge(evidence: Evidence) -> Verdict:
    """Judge the claim on the sparse problems."""
    problems = [name for name in PROBLEMS if name in evidence.problems]
    found = [_champions(evidence, problem) for problem in problems]
    pairs = [pair for pair in found if pair is not None]
    if not pairs:
        reason = "no sparse problem with an adaptive optimizer and one that is not"
        return verdict_wording.not_tested(ID, RULE, reason)
    return verdict_wording.verdict(
        ID,
        RULE,
        decisions.somewhere(pairs, evidence.settings.alpha),
        evidence,
        [pair.a.problem for pair in pairs if pair.found],
        yes="On sparse data the best adaptive optimizer wins",
        no="On sparse data the best optimizer is not an adaptive one",
    )


def _champions(evidence: Evidence, problem: str) -> Pair | None:
    adaptive = evidence.best_by_tuning(problem, evidence.settings.adaptive)
    other = evidence.best_by_tuning(problem, evidence.settings.not_adaptive)
    if adaptive is None or other is None:
        return None
    return evidence.pair(problem, adaptive, other, TEST_ACCURACY)
