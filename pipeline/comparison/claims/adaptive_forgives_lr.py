"""Adaptive methods, Adadelta first, forgive a badly chosen learning rate."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from pipeline.comparison import verdict_wording
from pipeline.comparison.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.comparison.evidence import Evidence

ID = "adaptive_forgives_lr"
TITLE = "Adaptive methods, Adadelta first, forgive a badly chosen learning rate"
QUOTE = "Adaptive methods, Adadelta first, forgive a badly chosen learning rate."
RULE = (
    "An optimizer's tolerance on a problem is the number of decades of learning rates whose validation accuracy is "
    "within the learning-rate margin of its best, within the grid that was searched. Each learning rate was tried "
    "with one seed, so a problem gives no interval and no p; agreement between problems takes their place. Two "
    "parts on each problem with whole searches: the median tolerance of the adaptive methods exceeds that of the "
    "others by more than the tolerance margin, and no other method exceeds Adadelta by more than that margin. Where "
    "the good range of the one that is behind may go on beyond its grid, the part is open. Supported if both parts "
    "hold on every problem, refuted if either part fails on every problem, and there are enough problems "
    "(comparison.fewest_problems) for either; otherwise inconclusive. No meaningful difference if the two groups "
    "are within the margin on every one of enough problems."
)
NEEDS = ("learning-rate searches of Adadelta, another adaptive method and one that is not, per problem",)
# cifar10_longer only rechecks the neighbours of a value that was tuned elsewhere
_WHOLE_SEARCH = 5


class _Range(NamedTuple):
    """Decades of good learning rates, a lower bound where it is open."""

    decades: float
    open: bool


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one problem says: decades by which the adaptive methods are ahead, and how the two parts came out."""

    problem: str
    ahead: float
    groups: str
    adadelta: str


def judge(evidence: Evidence) -> Verdict:
    """Judge the claim on every problem with whole searches."""
    found = [
        finding for finding in (_finding(evidence, problem) for problem in evidence.problems) if finding is not None
    ]
    if not found:
        reason = "no problem with whole searches of Adadelta and of a method that is not adaptive"
        return verdict_wording.not_tested(ID, RULE, reason)
    outcome = _outcome(found, evidence.settings.fewest_problems)
    ahead = [finding.ahead for finding in found]
    return Verdict(
        claim=ID,
        outcome=outcome,
        sentence=_sentence(outcome, found),
        rule=RULE,
        what_would_change_it=(
            f"Searches with several seeds, wider grids, or more problems ({len(found)} counted here; at least "
            f"{evidence.settings.fewest_problems} must agree)."
        ),
        effect=median(ahead),
        low=min(ahead) if len(ahead) > 1 else None,
        high=max(ahead) if len(ahead) > 1 else None,
        unit="decades",
        test="no test: one tuning seed a problem; low and high are the extremes over problems",
        problems=tuple(finding.problem for finding in found),
    )


def _finding(evidence: Evidence, problem: str) -> _Finding | None:
    settings = evidence.settings
    names = [*settings.adaptive, *settings.not_adaptive]
    tolerances = {
        name: _Range(tolerance.decades, tolerance.open)
        for name in evidence.roster(problem, names)
        if evidence.trials(problem, name) >= _WHOLE_SEARCH
        and (tolerance := evidence.tolerance(problem, name)) is not None
    }
    adaptive = [tolerances[name] for name in settings.adaptive if name in tolerances]
    others = [tolerances[name] for name in settings.not_adaptive if name in tolerances]
    if "adadelta" not in tolerances or not others or len(adaptive) < 2:
        return None
    margin = settings.margins.tolerance
    group, other = _median(adaptive), _median(others)
    rivals = [_more_forgiving(tolerances["adadelta"], t, margin) for n, t in tolerances.items() if n != "adadelta"]
    return _Finding(problem, group.decades - other.decades, _more_forgiving(group, other, margin), _first(rivals))


def _median(tolerances: Sequence[_Range]) -> _Range:
    """Return the median of a group, open where a lower bound at or below it could raise it."""
    middle = median(tolerance.decades for tolerance in tolerances)
    return _Range(middle, any(t.open and t.decades <= middle for t in tolerances))


def _more_forgiving(a: _Range, b: _Range, margin: float) -> str:
    """Return whether `a` tolerates more than `b`: yes, no, alike, or open where the one behind may go on."""
    difference = a.decades - b.decades
    if abs(difference) <= margin:
        return "open" if a.open or b.open else "alike"
    behind = b if difference > 0 else a
    if behind.open:
        return "open"
    return "yes" if difference > 0 else "no"


def _first(against: Sequence[str]) -> str:
    """Return whether nobody is ahead: yes, no, or open."""
    if "no" in against:
        return "no"
    return "open" if "open" in against else "yes"


def _outcome(found: Sequence[_Finding], fewest: int) -> Outcome:
    if len(found) < fewest:
        return Outcome.INCONCLUSIVE
    groups = {finding.groups for finding in found}
    adadelta = {finding.adadelta for finding in found}
    if groups == {"no"} or adadelta == {"no"}:
        return Outcome.REFUTED
    if groups == {"alike"}:
        return Outcome.NO_MEANINGFUL_DIFFERENCE
    if groups == {"yes"} and adadelta == {"yes"}:
        return Outcome.SUPPORTED
    return Outcome.INCONCLUSIVE


def _sentence(outcome: Outcome, found: Sequence[_Finding]) -> str:
    lead = {
        Outcome.SUPPORTED: "Adaptive methods forgive more, and none forgives more than Adadelta",
        Outcome.REFUTED: "Adaptive methods do not forgive more, or Adadelta is not the first of them",
        Outcome.NO_MEANINGFUL_DIFFERENCE: "Both groups forgive alike",
    }.get(outcome, "The searches do not decide it")
    return (
        f"{lead}: the adaptive methods are ahead by {_signed(median(f.ahead for f in found))} decades (median over "
        f"{len(found)} problem(s)); ahead on {_count(found, 'groups')}; Adadelta first on "
        f"{_count(found, 'adadelta')}."
    )


def _signed(value: float) -> str:
    return f"{value:+.2g}".replace("-", "\N{MINUS SIGN}")


def _count(found: Sequence[_Finding], part: str) -> str:
    answers = [getattr(finding, part) for finding in found]
    not_ahead = answers.count("no") + answers.count("alike")
    return f"{answers.count('yes')}, not on {not_ahead}, open on {answers.count('open')}"
