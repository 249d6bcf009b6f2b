"""The answer first: yes or no, three sentences (the result, its cost in seconds, all problems), and a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting.items import Bullets, Item, Paragraph, Picture, literal
from pipeline.reporting.numbers_in_words import NONE, SPACE, effect, effect_interval, ordinal, percent
from pipeline.reporting.plots import answer as plot
from pipeline.reporting.sections import aggregates, ranking

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
    """Return the section, which stands under the report's title and has no heading of its own."""
    first = next(iter(results.verdicts.claims.values()), None)
    items: list[Item] = [Paragraph(f"**{literal(first.answer)}**")] if first else []
    return [*items, Bullets(tuple(sentences(results))), picture(results)]


def sentences(results: Results) -> list[str]:
    """Return the three sentences; the second needs timings, the third a second problem that all took part in."""
    if _nothing_was_trained(results):
        title = results.title(results.main_problem)
        return [f"On {title}, every training diverged, so there is nothing to compare: [what diverged](#diverged)."]
    found = [_on_main_problem(results), _in_seconds(results), aggregates.sentence(results)]
    return [text for text in found if text]


def _nothing_was_trained(results: Results) -> bool:
    measured = results.measured(results.main_problem).values()
    return all(len(found.diverged) == len(found.reached.seeds) for found in measured)


def picture(results: Results) -> Picture:
    """Return the ranking at equal epochs and at equal seconds, side by side."""
    problem = results.main_problem
    title, judging = results.title(problem), results.judging(problem)
    found = results.comparison.problems[problem]
    told = results.each(found.ranking.placed, lambda one: judging.number(one.mean))
    alt = f"Test {judging.noun} on {title} after equal epochs, best first: {told}."
    caption = f"Means of {counted(results.seeds(problem), 'seed')} with 95 % intervals, after the whole training"
    headline = f"Test {judging.noun} on {title}"
    if judging.higher_is_better and (equal := found.at_equal_seconds):
        told = results.each(equal.validation_accuracy, percent)
        alt += f" Validation {judging.noun} after {equal.seconds:.1f} s of steps, best first: {told}."
        headline = f"{title}: after equal epochs, and after equal seconds"
        caption += (
            " (test examples), and when the cheapest optimizer has finished (validation examples; a dearer one is "
            "stopped in the middle of its schedule)"
        )
    return Picture("answer", plot.draw(plot.data(results)), alt, f"{caption}.", headline)


def _on_main_problem(results: Results) -> str:
    problem, baseline = results.main_problem, results.baseline
    placed, judging = ranking.placed(results, problem), results.judging(problem)
    best, *others = placed
    epochs = counted(results.settings.problems[problem].epochs, "epoch")
    text = (
        f"On {results.title(problem)}, after {epochs}, {results.label(best)} reaches the {judging.best} test "
        f"{judging.noun}, {judging.with_unit(placed[best].mean)}"
    )
    other = baseline if baseline in others else next(iter(others), None)
    if other is None:
        return f"{text}."
    place = f"{ordinal(list(placed).index(other) + 1)} of {len(placed)}"
    record = results.comparison.problems[problem].differences.get(best if other == baseline else other)
    return (
        f"{text}; {results.label(other)} comes {place} with {judging.with_unit(placed[other].mean)}"
        f"{difference(results, best if other == baseline else other, record)}."
    )


def difference(results: Results, optimizer: str, record: Difference | None) -> str:
    """Return `` (Muon minus Adam: +1.20 points, …)``, and nothing where the two were not compared."""
    if record is None or record.difference is None:
        return ""
    who = f"{results.label(optimizer)} minus {results.label(results.baseline)}"
    interval = effect_interval(record.low, record.high, record.unit)
    between = "" if interval == NONE else f", 95{SPACE}% interval {interval}"
    return f" ({who}: {effect(record.difference, record.unit)}{between}, {_CONCLUSIONS[record.outcome]})"


def _in_seconds(results: Results) -> str:
    """Return what a step of the best costs, and who leads once the cheapest has finished."""
    problem, baseline = results.main_problem, results.baseline
    best = next(iter(ranking.placed(results, problem)))
    own, base = (results.seconds_per_example(problem, name) for name in (best, baseline))
    ratio = f"{own / base:.2f} times as long as one of {results.label(baseline)}" if own and base else ""
    equal = results.comparison.problems[problem].at_equal_seconds
    reached = equal.validation_accuracy if equal else {}
    if best == baseline or not ratio:
        return _at_equal_seconds(results, equal.seconds, reached, "S") if equal and reached else ""
    text = f"But a step of {results.label(best)} takes {ratio}"
    return f"{text}: {_at_equal_seconds(results, equal.seconds, reached, 's')}" if equal and reached else f"{text}."


def _at_equal_seconds(results: Results, seconds: float, reached: dict[str, float], first: str) -> str:
    """Return who leads when the cheapest optimizer has finished, and how the best and the baseline stand."""
    leader, best = next(iter(reached)), next(iter(ranking.placed(results, results.main_problem)))
    others = [name for name in dict.fromkeys((best, results.baseline)) if name != leader and name in reached]
    told = "".join(f", {results.label(name)} {percent(reached[name])}" for name in others)
    lead = "still leads" if leader == best else "leads"
    return (
        f"{first}topped after the {seconds:.1f}{SPACE}s of the cheapest training, {results.label(leader)} {lead} "
        f"(validation accuracy {percent(reached[leader])}{told})."
    )
