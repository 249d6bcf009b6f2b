"""Adam's only problem is the cost of its computation."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.comparison.claim import Claim, Found
from pipeline.comparison.decisions import KINDS, Cell, VerdictKind, most
from pipeline.comparison.pairs import ALIKE, BETTER, OPEN, WORSE
from pipeline.project.numbers import decimals
from pipeline.project.wording import listed
from pipeline.results.verdicts import PartRecord, VerdictRow

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence
    from pipeline.results.cost import Ratio

_NEEDS = "results/cost.json: the time of Adam's step with its interval"
_WORDS = {BETTER: "dearer", WORSE: "cheaper", ALIKE: ALIKE, OPEN: OPEN}


def _find(evidence: Evidence) -> Found:
    timed = {
        problem: time.ratio for problem in evidence.complete_problems if (time := evidence.step_time(problem, "adam"))
    }
    known = {problem: ratio for problem, ratio in timed.items() if ratio.low is not None and ratio.high is not None}
    if not known:
        return Found(kind=VerdictKind.NOT_TESTED, numbers="", note=f"the study lacks {_NEEDS}", change="")
    outcomes = {problem: _outcome(ratio, evidence) for problem, ratio in known.items()}
    # "better" stands for what is claimed: dearer
    decided = most([Cell(outcome, None, outcome in (WORSE, ALIKE)) for outcome in outcomes.values()]).outcome
    decisive = _decisive(decided, known, outcomes)
    ratio = known[decisive]
    return Found(
        kind=KINDS[decided],
        numbers=(
            f"on {evidence.title(decisive)} a training step takes {_times(ratio.median)} times as long as SGD's "
            f"({_times(ratio.low)} to {_times(ratio.high)}){_memory(evidence)}"
        ),
        note=_tally(outcomes),
        change=_change(decided, evidence),
        parts=(_part(KINDS[decided], known, outcomes, decisive, evidence),),
        effect=ratio.median,
        low=ratio.low,
        high=ratio.high,
        unit="times",
        test="no test: the median over rounds of timing with its 95 % interval",
        problems=tuple(known),
    )


def _outcome(ratio: Ratio, evidence: Evidence) -> str:
    margin, low, high = evidence.settings.margins.cost, ratio.low or 0.0, ratio.high or float("inf")
    if low > margin:
        return BETTER
    if high < 1 / margin:
        return WORSE
    return ALIKE if low >= 1 / margin and high <= margin else OPEN


def _decisive(decided: str, known: dict[str, Ratio], outcomes: dict[str, str]) -> str:
    """Return the problem whose ratio tips the balance: of those that agree, the clearest ones counted first."""
    agreeing = [problem for problem in known if outcomes[problem] == decided] or list(known)
    upwards = sorted(agreeing, key=lambda problem: known[problem].median or 0.0, reverse=decided == BETTER)
    return upwards[min(len(known) // 2, len(upwards) - 1)] if decided != WORSE else upwards[0]


def _part(
    kind: VerdictKind, known: dict[str, Ratio], outcomes: dict[str, str], decisive: str, evidence: Evidence
) -> PartRecord:
    rows = tuple(
        VerdictRow(
            problem=problem,
            measure="time of a training step",
            a=evidence.label("adam"),
            b="plain SGD",
            difference=decimals(ratio.median),
            low=decimals(ratio.low),
            high=decimals(ratio.high),
            unit="times",
            p=None,
            outcome=_WORDS[outcomes[problem]],
            decisive=problem == decisive,
        )
        for problem, ratio in known.items()
    )
    return PartRecord(title="the time of a step", verdict=str(kind), concession=False, rows=rows)


def _tally(outcomes: dict[str, str]) -> str:
    if len(outcomes) < 2:
        return ""
    counts = Counter(_WORDS[outcome] for outcome in outcomes.values())
    return f"of {len(outcomes)} problems: {listed(f'{count} {word}' for word, count in counts.items())}"


def _memory(evidence: Evidence) -> str:
    found = evidence.cost.optimizers.get("adam") if evidence.cost else None
    kept = found.state_bytes_per_parameter if found else None
    return "" if kept is None else f", and Adam keeps {kept:.3g} bytes for each parameter"


def _change(decided: str, evidence: Evidence) -> str:
    if decided == OPEN:
        return (
            f"More rounds of timing: an interval reaches across the margin of {evidence.settings.margins.cost:g} times."
        )
    return (
        "Another machine, implementation or network: the larger the network's own share of a step, the closer the "
        "ratio comes to 1."
    )


def _times(value: float | None) -> str:
    return f"{value or 0.0:.3g}"


CLAIM = Claim(
    title="Adam costs computation",
    says="Adam's only problem is the cost of its computation.",
    tested=(
        "The time of a training step against plain SGD's, and the memory of Adam's state. That it is the *only* "
        "problem is not tested here; other claims speak of accuracy."
    ),
    rule=(
        "The time of a whole training step with Adam over that of plain SGD, measured in turns in one process, on "
        "the network of every problem that all optimizers took part in: the median over rounds with its 95 % "
        "interval. A problem counts as dearer if the whole interval lies above the cost margin, cheaper if below one "
        "over the margin, and about the same if it lies between the two. Supported: dearer on more than half of the "
        "problems, cheaper on none. No meaningful difference: about the same on more than half, cheaper on none. "
        "Refuted: cheaper on one at least, and cheaper or about the same on more than half. Otherwise inconclusive. "
        "There is no p, because rounds are no seeds. The memory of the state is a count, shown beside it, and "
        "decides nothing."
    ),
    needs=(_NEEDS,),
    yes="Adam costs more computation than SGD",
    no="A step of Adam is cheaper than one of SGD",
    same="A step of Adam costs about what one of SGD does",
    undecided="The timings do not decide it",
    find=_find,
)
