"""All problems together: mean ranks with their critical difference, interquartile means, and performance profiles."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from pipeline.project.wording import counted, listed
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.numbers_in_words import NONE, decimal, effect, effect_interval, ordinal, p_value
from pipeline.reporting.plots import aggregates as plot
from pipeline.reporting.plots import profiles
from pipeline.reporting.sections import ranking

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results
    from pipeline.results.comparison import RankingOverProblems

_MOST_NAMED = 3


def build(results: Results) -> list[Item]:
    """Return the section, or nothing where there are no two problems that all took part in."""
    over = results.comparison.ranking
    if len(over.problems) < 2 or not over.ranks:
        return []
    return [
        Heading("Over all problems", "over-problems"),
        _best_of_each(results),
        Paragraph(_told_apart(results, over)),
        *_summary(results, over),
        Folded("Mean ranks, and the place on each problem", (_ranks(results, over),), "ranks"),
        *_profiles(results, over),
    ]


def sentence(results: Results) -> str:
    """Return on how many problems something beats the baseline, and whether the mean ranks tell anybody apart."""
    over, baseline = results.comparison.ranking, results.label(results.baseline)
    if len(over.problems) < 2 or not over.ranks:
        return ""
    better = sum(
        any(one.outcome == "better" for one in results.comparison.problems[problem].differences.values())
        for problem in over.problems
    )
    text = (
        f"Something beats {baseline} by a difference that matters on {better or 'none'} of the "
        f"{counted(len(over.problems), 'problem')} that all optimizers took part in"
    )
    if not over.tested:
        return f"{text}."
    found = _pairs(over)
    apart = f"tell apart only {_named(results, found)}" if found else "tell no two optimizers apart"
    return f"{text}; over all of them together, [mean ranks](#over-problems) {apart}."


def _pairs(over: RankingOverProblems) -> list[tuple[str, str]]:
    """Return which of those tested lie further apart than the critical difference, the better one first."""
    least = over.critical_difference or float("inf")
    return [(a, b) for a, b in combinations(over.tested, 2) if over.ranks[b] - over.ranks[a] > least]


def _named(results: Results, pairs: list[tuple[str, str]]) -> str:
    return listed([f"{results.label(a)} from {results.label(b)}" for a, b in pairs], most=_MOST_NAMED)


def _told_apart(results: Results, over: RankingOverProblems) -> str:
    """Return what the tests over problems say, in a critical difference."""
    if not over.tested:
        return "There are too few problems or optimizers for a test of the mean ranks."
    found = _pairs(over)
    verdict = f"told apart: {_named(results, found)}" if found else "**nothing is told apart over all problems**"
    absent = [results.label(name) for name in over.ranks if name not in over.tested]
    note = (
        f" Who is left out of a problem{ranking.why_left_out(results)} cannot be part of this test." if absent else ""
    )
    return (
        f"Mean ranks of {counted(len(over.tested), 'optimizer')} on {counted(len(over.problems), 'problem')}: "
        f"Friedman's test that all rank alike has p {p_value(over.p)}. By Nemenyi's test two optimizers differ where "
        f"their mean ranks lie more than {decimal(over.critical_difference, 2)} apart (the critical difference; Demšar "
        f"2006): {verdict}.{note} With so few problems only very large differences could be."
    )


def _best_of_each(results: Results) -> Table:
    """Return the winner of each problem with two optimizers or more, the baseline's place, and how far it is behind."""
    baseline = results.label(results.baseline)
    compared = [problem for problem in results.settings.study if len(ranking.placed(results, problem)) > 1]
    return Table(
        (
            "problem",
            "best",
            "test result",
            f"{baseline}'s place",
            "its result",
            f"best minus {baseline}",
            "95 % interval",
        ),
        tuple(_best(results, problem) for problem in compared),
        "llrrrrr",
        f"The best of each problem, and {baseline} beside it.",
    )


def _best(results: Results, problem: str) -> tuple[str, ...]:
    placed, judging, baseline = ranking.placed(results, problem), results.judging(problem), results.baseline
    best = next(iter(placed))
    start = (results.title(problem), results.label(best), judging.with_unit(placed[best].mean))
    if baseline not in placed:
        return (*start, *(NONE,) * 4)
    place = f"{ordinal(list(placed).index(baseline) + 1)} of {len(placed)}"
    record = results.comparison.problems[problem].differences.get(best)
    if record is None:
        return (*start, place, judging.with_unit(placed[baseline].mean), NONE, NONE)
    return (
        *(*start, place, judging.with_unit(placed[baseline].mean), effect(record.difference, record.unit)),
        effect_interval(record.low, record.high, record.unit),
    )


def _summary(results: Results, over: RankingOverProblems) -> list[Item]:
    frame = plot.data(results)
    if frame.empty:
        return []
    means = results.each(over.interquartile_means, lambda one: decimal(one.mean, 2))
    ranks = results.each(over.ranks, lambda rank: decimal(rank, 2))
    return [
        Picture(
            "over_problems",
            plot.draw(frame),
            f"Mean ranks, best first: {ranks}. Interquartile means: {means}.",
            "Left: mean ranks, 1 is best; two optimizers whose bars do not overlap differ by Nemenyi's test (a bar is "
            "half a critical difference to either side; no bar: not part of the test). Right: the interquartile mean, "
            "which is the mean of the middle half of all scores (Agarwal et al. 2021), with the 95 % interval of a "
            "bootstrap over seeds; on this scale guessing is 0 and the best mean of a problem is 1.",
            "All problems together",
        )
    ]


def _profiles(results: Results, over: RankingOverProblems) -> list[Item]:
    frame = profiles.data(results)
    if frame.empty:
        return []
    shares = profiles.at_best(frame)
    told = "; ".join(
        f"{title}: {', '.join(f'{name} {share:.0f} %' for name, share in own.items())}" for title, own in shares.items()
    )
    return [
        Picture(
            "profiles",
            profiles.draw(frame),
            f"Performance profiles. Share of problems on which an optimizer is the best itself: {told}.",
            "Performance profiles (Dolan and Moré 2002, as AlgoPerf draws them): the share of problems on which an "
            "optimizer is within a distance of the best one, which grows to the right. Left in margins of the result, "
            "right in the seconds to the hardest training loss that somebody reached; a line that ends below 100 % "
            "missed it elsewhere. Further up and to the left is better.",
            "On how many problems is an optimizer near the best one?",
        )
    ]


def _ranks(results: Results, over: RankingOverProblems) -> Table:
    places = {problem: list(ranking.placed(results, problem)) for problem in over.problems}
    rows = tuple(
        (
            results.label(name),
            decimal(mean, 2),
            f"{over.blocks[name]} of {len(over.problems)}",
            _interquartile(over, name),
            *(str(own.index(name) + 1) if name in own else NONE for own in places.values()),
        )
        for name, mean in over.ranks.items()
    )
    missing = any(count < len(over.problems) for count in over.blocks.values())
    note = f" A dash: left out there{ranking.why_left_out(results)}." if missing else ""
    return Table(
        ("optimizer", "mean rank", "problems", "interquartile mean", *(results.title(name) for name in over.problems)),
        rows,
        "l" + "r" * (3 + len(over.problems)),
        "Mean ranks by the test results, and the place on each problem. A rank counts places, whatever their distance, "
        f"and these problems were chosen by us: a summary of them, not of all problems.{note}",
        frozenset(place for place, name in enumerate(over.ranks) if name == results.baseline),
    )


def _interquartile(over: RankingOverProblems, name: str) -> str:
    found = over.interquartile_means.get(name)
    if found is None:
        return NONE
    bounds = "" if found.low is None else f" ({decimal(found.low, 2)} to {decimal(found.high, 2)})"
    return f"{decimal(found.mean, 2)}{bounds}"
