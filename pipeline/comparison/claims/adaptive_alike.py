"""Adam, RMSprop and Adadelta mostly perform alike."""

from __future__ import annotations

from itertools import combinations, groupby
from typing import TYPE_CHECKING

from pipeline.comparison import decisions, verdict_wording
from pipeline.comparison.decisions import Decision, how
from pipeline.comparison.measures import TEST_ACCURACY
from pipeline.comparison.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.comparison.decisions import Tested
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.verdict import Verdict

ID = "adaptive_alike"
TITLE = "Adam, RMSprop and Adadelta mostly perform alike"
QUOTE = "Adam, RMSprop and Adadelta mostly perform alike."
RULE = (
    "On every problem where all three can be compared, each of the three pairs is alike (the 90 % interval of the "
    "difference in test accuracy lies within the margin for 'alike'), different (not alike, and Holm's p over all "
    "pairs of all problems is at most alpha) or open. A problem is alike if all three pairs are, and different if "
    "any pair is. 'Mostly': supported if more than half of the problems are alike, refuted if more than half are "
    "different, otherwise inconclusive. (A claim of likeness that is supported *is* no meaningful difference.)"
)
NEEDS = ("test accuracy of Adam, RMSprop and Adadelta on one problem",)
OPTIMIZERS = ("adam", "rmsprop", "adadelta")


def judge(evidence: Evidence) -> Verdict:
    """Judge the claim on all problems."""
    alike = evidence.settings.margins.alike
    by_problem = {
        problem: [evidence.pair(problem, *names, TEST_ACCURACY, alike) for names in combinations(OPTIMIZERS, 2)]
        for problem in evidence.problems
    }
    complete = {p: pairs for p, pairs in by_problem.items() if all(pair.found for pair in pairs)}
    if not complete:
        reasons = [pair.reason for pairs in by_problem.values() for pair in pairs if pair.reason]
        return verdict_wording.not_tested(ID, RULE, reasons[0] if reasons else "the study has no problem")
    members = decisions.family([pair for pairs in complete.values() for pair in pairs])
    return verdict_wording.verdict(
        ID,
        RULE,
        _decide(members, evidence.settings.alpha),
        evidence,
        list(complete),
        yes="The three mostly perform alike; the widest difference where they do",
        no="The three mostly differ; the clearest difference",
    )


def _decide(members: Sequence[Tested], alpha: float) -> Decision:
    problems = [list(group) for _, group in groupby(members, key=lambda member: member.pair.a.problem)]
    outcomes = [{member.outcome(alpha) for member in group} for group in problems]
    alike = sum(found == {"no meaningful difference"} for found in outcomes)
    different = sum(bool(found & {"better", "worse"}) for found in outcomes)
    note = f"of {len(problems)} problems: {alike} alike, {different} different"
    if 2 * alike > len(problems):
        within = [member for member in members if member.outcome(alpha) == "no meaningful difference"]
        decisive = max(within, key=lambda member: abs(member.size))
        test = f"{how(decisive)}; it tests a difference, likeness is decided by the 90 % interval"
        return Decision(Outcome.SUPPORTED, decisive, decisive.p, test, note)
    outcome = Outcome.REFUTED if 2 * different > len(problems) else Outcome.INCONCLUSIVE
    decisive = min(members, key=lambda member: (member.p, -abs(member.size)))
    return Decision(outcome, decisive, decisive.p, how(decisive), note)
