"""The answer first: yes or no, then three sentences on the result, on its cost in seconds, and over all problems."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.project.wording import counted, listed
from pipeline.reporting.items import Bullets, Heading, Item, Paragraph, literal
from pipeline.reporting.numbers_in_words import NONE, SPACE, bounds, decimal, effect, effect_interval, ordinal
from pipeline.reporting.sections import comparison, ranking

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results
    from pipeline.results.comparison import Difference

_CONCLUSIONS = {
    "better": "a difference that matters",
    "worse": "a difference that matters",
    "no meaningful difference": "too small to matter",
    "inconclusive": "which these seeds do not decide",
}


def build(results: Results) -> list[Item]:
    """Return the section."""
    items: list[Item] = [Heading("The answer", "answer")]
    if first := next(iter(results.verdicts.claims.values()), None):
        items.append(Paragraph(f"**{literal(first.answer)}**"))
    items.append(Paragraph(" ".join(sentences(results))))
    compared = [problem for problem in results.settings.study if len(ranking.placed(results, problem)) > 1]
    if len(compared) > 1:
        items.append(Paragraph(f"The best of each problem, and {results.label(results.baseline)} beside it:"))
        items.append(Bullets(tuple(_best(results, problem) for problem in compared)))
    items += [Paragraph(text) for text in _claims(results)]
    items.append(
        Paragraph(
            "One study can refute an “always”; it can never prove one. All of this holds for these problems, "
            "networks and [budgets](#setup)."
        )
    )
    return items


def sentences(results: Results) -> list[str]:
    """Return the three sentences; the second needs timings, the third a second problem that all took part in."""
    found = [_on_main_problem(results), _in_seconds(results), _over_problems(results)]
    return [text for text in found if text]


def _on_main_problem(results: Results) -> str:
    problem, baseline = results.main_problem, results.baseline
    placed, judging = ranking.placed(results, problem), results.judging(problem)
    best, *others = placed
    text = (
        f"On {results.title(problem)}, {results.label(best)} reaches the {judging.best} test {judging.noun}, "
        f"{judging.with_unit(placed[best].mean)} (mean of {counted(results.seeds(problem), 'seed')})"
    )
    other = baseline if baseline in others else next(iter(others), None)
    if other is None:
        return f"{text}."
    place = f"{ordinal(list(placed).index(other) + 1)} of {len(placed)}"
    compared = best if other == baseline else other
    record = results.comparison.problems[problem].differences.get(compared)
    return (
        f"{text}; {results.label(other)} comes {place} with {judging.with_unit(placed[other].mean)}"
        f"{_difference(results, compared, record)}."
    )


def _difference(results: Results, optimizer: str, record: Difference | None) -> str:
    """Return `` (Muon minus Adam: +1.20 points, …)``, and nothing where the two were not compared."""
    if record is None or record.difference is None:
        return ""
    who = f"{results.label(optimizer)} minus {results.label(results.baseline)}"
    interval = effect_interval(record.low, record.high, record.unit)
    between = "" if interval == NONE else f", 95{SPACE}% interval {interval}"
    return f" ({who}: {effect(record.difference, record.unit)}{between}, {_CONCLUSIONS[record.outcome]})"


def _in_seconds(results: Results) -> str:
    problem, baseline = results.main_problem, results.baseline
    times = {
        name: seconds
        for name in ranking.placed(results, problem)
        if (seconds := _whole_training(results, problem, name)) is not None
    }
    parts = []
    if baseline in times:
        shown = list(dict.fromkeys([baseline, *times]))[:2]
        told = listed(f"{_seconds(times[name])} with {results.label(name)}" for name in shown)
        parts.append(f"a whole training takes {told}, on one core")
    if fastest := _fastest(results, problem):
        parts.append(fastest)
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _whole_training(results: Results, problem: str, optimizer: str) -> float | None:
    rate, length = results.seconds_per_example(problem, optimizer), results.measured(problem)[optimizer].length
    return None if rate is None or length is None else rate * length.images


def _seconds(seconds: float) -> str:
    return f"{seconds:.{1 if seconds >= 1 else 2}f}{SPACE}s"


def _fastest(results: Results, problem: str) -> str:
    """Return who needs the fewest seconds to the hardest target, as a share of the baseline's."""
    name = comparison.hardest(results, problem, "seconds_to_train_loss")
    if name is None:
        return ""
    found = results.comparison.problems[problem].against_baseline[name]
    known = {other: record for other, record in found.items() if record.difference is not None}
    if not known:
        return ""
    first = min(known, key=lambda other: known[other].difference or 0.0)
    record, baseline = known[first], results.label(results.baseline)
    interval = bounds(effect_interval(record.low, record.high, record.unit))
    amount = f"{effect(record.difference, record.unit)} {baseline}'s{interval}, {_CONCLUSIONS[record.outcome]}"
    target = comparison.target(results, problem, name)
    goal = "the hardest training loss asked for" if target is None else f"a training loss of {target:g}"
    if (record.difference or 0.0) < 1:
        return f"to {goal} {results.label(first)} is the quickest: its seconds are {amount}"
    return f"to {goal} nothing is quicker than {baseline}: the seconds of {results.label(first)} are {amount}"


def _over_problems(results: Results) -> str:
    """Return the mean ranks, and on how many problems something is better than the baseline, or quicker."""
    over = results.comparison.ranking
    if len(over.problems) < 2 or not over.ranks:
        return ""
    best, baseline = next(iter(over.ranks)), results.baseline
    text = (
        f"Over the {counted(len(over.problems), 'problem')} that all took part in, {results.label(best)} has the best "
        f"mean rank ({decimal(over.ranks[best], 1)})"
    )
    if baseline in over.ranks and baseline != best:
        place = ordinal(list(over.ranks).index(baseline) + 1)
        text += f" and {results.label(baseline)} the {place} ({decimal(over.ranks[baseline], 1)})"
    better = sum(_any_better(results.comparison.problems[problem].differences) for problem in over.problems)
    quicker = sum(_any_quicker(results, problem) for problem in over.problems)
    return (
        f"{text}; on {better or 'none'} of them something beats {results.label(baseline)} in the result by a "
        f"difference that matters, and on {quicker or 'none'} something is quicker in seconds to the hardest target."
    )


def _any_better(found: dict[str, Difference]) -> bool:
    return any(record.outcome == "better" for record in found.values())


def _any_quicker(results: Results, problem: str) -> bool:
    name = comparison.hardest(results, problem, "seconds_to_train_loss")
    return name is not None and _any_better(results.comparison.problems[problem].against_baseline[name])


def _best(results: Results, problem: str) -> str:
    placed, judging, baseline = ranking.placed(results, problem), results.judging(problem), results.baseline
    shown = {name: judging.with_unit(one.mean) for name, one in placed.items()}
    first = next(iter(placed))
    tied = [name for name in placed if shown[name] == shown[first]]
    text = f"{results.title(problem)}: {listed([results.label(name) for name in tied])} {shown[first]}"
    if baseline not in placed or baseline in tied:
        return text
    place = f"{ordinal(list(placed).index(baseline) + 1)} of {len(placed)}"
    return f"{text}; {results.label(baseline)} {place} with {shown[baseline]}"


def _claims(results: Results) -> list[str]:
    """Return how many claims came to each verdict."""
    counts = Counter(one.verdict for one in results.verdicts.claims.values())
    if not counts:
        return []
    told = listed(f"{count} {verdict}" for verdict, count in counts.most_common())
    return [f"Of {counted(counts.total(), 'claim')} of the assignment: {told} ([each with its evidence](#verdicts))."]
