"""What to use: the best optimizer of each problem for each number of trials, and who is as good."""

from __future__ import annotations

from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING

from pipeline.project.wording import counted, listed
from pipeline.reporting.items import Bullets, Folded, Heading, Item, Paragraph, Table, literal
from pipeline.reporting.numbers_in_words import NONE, SPACE, decimal, p_value, percent, rate
from pipeline.settings.spaces import LEARNING_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.reporting.study_results import Results
    from pipeline.results.recommendations import (
        Budget,
        Candidate,
        Choice,
        ProblemRecommendation,
        Recommendations,
        Standing,
    )

HOW = (
    "Where to start is the setting that most seeds picked, and the range to search is the study's: on a problem like "
    "it, begin there. A trial is one point of that range, drawn at random, and the best of the trials is kept. The "
    "expected result (on validation examples) is the mean of the fresh seeds after the whole search, less what fewer "
    "trials lose; about 19 of 20 searches end in the range beside it. What they lose comes from a search with one "
    "seed: in other ranges another optimizer may win after few trials."
)
GROUPS = (
    "As good: the difference from the best is shown to be smaller than the margin. Not told apart: the seeds do not "
    "tell which is better. All others are worse. After the whole search the study's own comparison on test examples "
    "decides this; with fewer trials, how far one seed can move a difference."
)
_MOST_NAMED = 3
_BESIDE_THE_BEST: Mapping[Standing, str] = MappingProxyType(
    {"better": "ahead on test examples", "no meaningful difference": "as good", "inconclusive": "not told apart"}
)
_USE = ("start at", "rates to search")
_LAST = ("expected", "19 of 20 searches", "time (× SGD)", "bytes per parameter")


def build(results: Results) -> list[Item]:
    """Return the section: a line or two for each problem, then every budget on demand."""
    found = results.recommendations.at()
    everything = (Paragraph(HOW), table(found), Bullets(tuple(sentences(found))), Paragraph(GROUPS))
    return [
        Heading("What to use", "what-to-use"),
        _in_short(results, found),
        Folded("What to use: the expected results, the cost, and how to read this", everything, "every-budget"),
        Paragraph(
            "One study can refute an “always”; it can never prove one. All of this holds for these problems, networks "
            "and [budgets](#setup)."
        ),
    ]


def _in_short(results: Results, found: Recommendations) -> Table:
    """Return a row for each problem and best optimizer, with the numbers of trials for which it is the best."""
    rows = [
        (_kind(results, name), *row)
        for name, problem in found.problems.items()
        for _, budgets in groupby(problem.budgets, key=lambda one: one.choices[0].optimizer if one.choices else "")
        for row in [_short(problem, list(budgets))]
    ]
    return Table(
        ("problem", "use", "trials", "first learning rate", "rates to search", "how sure"),
        tuple(rows),
        "llrrll",
        "By problem, and by how many settings you can afford to try.",
    )


def _kind(results: Results, name: str) -> str:
    """Return ``CIFAR-10 (45,000 images, 2 epochs)``."""
    facts = results.problems.problems[name]
    amount = counted(facts.counts["train"], results.examples(name))
    return f"{results.title(name)} ({amount}, {counted(results.settings.problems[name].epochs, 'epoch')})"


def _short(problem: ProblemRecommendation, budgets: list[Budget]) -> tuple[str, ...]:
    trials = listed([str(budget.trials) for budget in budgets], "or")
    if not budgets[0].choices:
        return ("no evidence", trials, NONE, NONE, literal(budgets[0].reason or ""))
    best = problem.candidates[budgets[0].choices[0].optimizer]
    *fewer, most = budgets
    less = [f"{_after(budget)} {words}" for budget in reversed(fewer) if (words := _how_many(budget))]
    use = (f"**{literal(best.label)}**", trials, rate(best.learning_rate), _ranges(best)[0])
    return (*use, "; ".join([_sureness(problem, most), *less]))


def _sureness(problem: ProblemRecommendation, budget: Budget) -> str:
    """Return how the best stands beside the others: better than all, or as good as some, or not told apart."""
    if len(budget.choices) < 2:
        return "alone"
    words: dict[Standing, str] = {
        "better": "behind {} on test examples",
        "no meaningful difference": "as good: {}",
        "inconclusive": "not told apart: {}",
    }
    groups = {text: _of_standing(problem, budget, standing) for standing, text in words.items()}
    parts = [text.format(listed(names, most=_MOST_NAMED)) for text, names in groups.items() if names]
    return "; ".join(parts) or "better than all others"


def _how_many(budget: Budget) -> str:
    """Return how many others are not shown to be worse, or nothing where all are."""
    count = sum(choice.standing not in ("best", "worse") for choice in budget.choices)
    return f"{counted(count, 'other')} not shown to be worse" if count else ""


def table(found: Recommendations) -> Table:
    """Return a row per problem and number of trials: what to use, and how."""
    return Table(
        ("problem", "trials", "use", *_USE, *_LAST, "as good", "not told apart"),
        tuple(_row(problem, budget) for problem in found.problems.values() for budget in problem.budgets),
        "lrlll" + "r" * len(_LAST) + "ll",
        "What to use, by problem and number of trials.",
    )


def details(problem: ProblemRecommendation) -> Table:
    """Return a row per number of trials and optimizer of one problem, without those that are worse."""
    rows = [
        (_trials(budget), *_details(problem, choice))
        for budget in problem.budgets
        for choice in budget.choices
        if choice.standing != "worse"
    ]
    empty = (NONE,) * (len(_USE) + len(_LAST) + 2)
    missing = [(_trials(budget), "no evidence", *empty) for budget in problem.budgets if not budget.choices]
    return Table(
        ("trials", "optimizer", "beside the best", "p", "start at", "range to search", *_LAST),
        (*rows, *missing),
        "rllrll" + "r" * len(_LAST),
        f"What to use on {literal(problem.title)}.",
    )


def sentences(found: Recommendations) -> list[str]:
    """Return one sentence or two on each problem; inline Markdown."""
    return [_sentence(problem) for problem in found.problems.values()]


def _sentence(problem: ProblemRecommendation) -> str:
    title, last = literal(problem.title), problem.budgets[-1]
    if not last.choices:
        return f"{title}: no evidence ({literal(last.reason or '')})."
    return f"{title}: {_uses(problem)}. {_others(problem, last)}{_limits(problem)}"


def _uses(problem: ProblemRecommendation) -> str:
    """Return ``Adam after 1 trial, Muon after 3 trials and after the whole search``."""
    runs = groupby(problem.budgets, key=lambda budget: _label(problem, budget.choices[0]))
    return ", ".join(f"**{name}** {listed([_after(budget) for budget in budgets])}" for name, budgets in runs)


def _others(problem: ProblemRecommendation, budget: Budget) -> str:
    """Say how the other optimizers stand beside the best."""
    groups = {words: _of_standing(problem, budget, standing) for standing, words in _BESIDE_THE_BEST.items()}
    parts = [f"{words}: {listed(names)}" for words, names in groups.items() if names]
    worse = _of_standing(problem, budget, "worse")
    if worse:
        parts.append(f"worse: {listed(worse) if len(worse) <= _MOST_NAMED else f'the other {len(worse)}'}")
    return f"{_after(budget).capitalize()}, {'; '.join(parts) or 'there is nothing to compare it with'}."


def _limits(problem: ProblemRecommendation) -> str:
    """Say what the recommendation does not cover, or nothing."""
    left_out = [
        f"{literal(candidate.label)} ({literal(candidate.left_out)})"
        for candidate in problem.candidates.values()
        if candidate.left_out
    ]
    text = f" Left out: {', '.join(left_out)}." if left_out else ""
    on_border = [literal(candidate.label) for candidate in problem.candidates.values() if candidate.on_border]
    if on_border:
        text += f" A better learning rate may lie beyond those that were tried: {listed(on_border)}."
    if problem.tuned_on:
        text += f" The settings are those that did best on `{problem.tuned_on}`."
    return text


def _after(budget: Budget) -> str:
    return "after the whole search" if budget.whole_search else f"after {counted(budget.trials, 'trial')}"


def _of_standing(problem: ProblemRecommendation, budget: Budget, standing: Standing) -> list[str]:
    return [_label(problem, choice) for choice in budget.choices if choice.standing == standing]


def _label(problem: ProblemRecommendation, choice: Choice) -> str:
    return literal(problem.candidates[choice.optimizer].label)


def _row(problem: ProblemRecommendation, budget: Budget) -> tuple[str, ...]:
    head = (literal(problem.title), _trials(budget))
    if not budget.choices:
        return (*head, "no evidence", *(NONE,) * (len(_USE) + len(_LAST) + 2))
    best = budget.choices[0]
    groups = [_of_standing(problem, budget, standing) for standing in ("no meaningful difference", "inconclusive")]
    named = (listed(names, most=_MOST_NAMED) if names else NONE for names in groups)
    candidate = problem.candidates[best.optimizer]
    use = (_setting(candidate), _ranges(candidate)[0])
    return (*head, _label(problem, best), *use, *_figures(problem, best), *named)


def _details(problem: ProblemRecommendation, choice: Choice) -> tuple[str, ...]:
    standing, candidate = _BESIDE_THE_BEST.get(choice.standing, choice.standing), problem.candidates[choice.optimizer]
    use = (_setting(candidate), "; ".join(_ranges(candidate)))
    return _label(problem, choice), standing, p_value(choice.corrected_p), *use, *_figures(problem, choice)


def _trials(budget: Budget) -> str:
    return f"all ({budget.trials})" if budget.whole_search else str(budget.trials)


def _figures(problem: ProblemRecommendation, choice: Choice) -> tuple[str, ...]:
    candidate = problem.candidates[choice.optimizer]
    cost = candidate.step_ratio, candidate.state_bytes_per_parameter
    return (
        _result(problem, choice.expected),
        _range(problem, choice),
        NONE if cost[0] is None else f"{cost[0]:.2f}",
        NONE if cost[1] is None else f"{cost[1]:.1f}",
    )


def _setting(candidate: Candidate) -> str:
    """Return ``0.0316, momentum 0.9``."""
    others = (f"{literal(name)} {value:.3g}" for name, value in candidate.arguments.items())
    return ", ".join((rate(candidate.learning_rate), *others))


def _ranges(candidate: Candidate) -> list[str]:
    """Return between which values to search: of the learning rate, then of the other arguments with their names."""
    low, high = candidate.search[LEARNING_RATE]
    rates = f"{rate(low)} to {rate(high)}{' or beyond' * candidate.on_border}"
    others = {name: bounds for name, bounds in candidate.search.items() if name != LEARNING_RATE}
    return [rates, *(f"{literal(name)} {low:.3g} to {high:.3g}" for name, (low, high) in others.items())]


def _result(problem: ProblemRecommendation, value: float) -> str:
    return percent(value) if problem.measure == "accuracy" else f"loss{SPACE}{decimal(value)}"


def _range(problem: ProblemRecommendation, choice: Choice) -> str:
    if choice.low is None or choice.high is None:
        return NONE
    if problem.measure == "accuracy":
        return f"{100 * choice.low:.1f} to {100 * choice.high:.1f}"
    return f"{decimal(choice.low)} to {decimal(choice.high)}"
