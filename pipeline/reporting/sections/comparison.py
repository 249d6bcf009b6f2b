"""Every optimizer against the baseline on each problem, and mean ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted, listed
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, Table, literal
from pipeline.reporting.numbers_in_words import NONE, effect, effect_interval, p_value

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results
    from pipeline.results.comparison import ProblemComparison


def build(results: Results) -> list[Item]:
    """Return the section."""
    baseline = results.label(results.baseline)
    noun, margin = _compared(results)
    items: list[Item] = [
        Heading(f"Every optimizer against {baseline}", "comparison"),
        Paragraph(
            f"Differences in test {noun}, optimizer minus {baseline}, paired by seed, with their 95 % bootstrap "
            "interval (BCa) and the p of an exact sign-flip test, corrected for all optimizers of the problem (Holm). "
            f"“No meaningful difference”: the 90 % t interval lies within ±{margin}. “Inconclusive”: "
            "neither that nor a difference was shown."
        ),
    ]
    for problem, found in results.comparison.problems.items():
        table = _table(results, problem, found)
        items.append(table if problem == results.main_problem else Folded(results.title(problem), (table,)))
    return [*items, *_ranks(results)]


def _compared(results: Results) -> tuple[str, str]:
    """Return what the problems are judged by, and the margins of that."""
    margins = results.comparison.settings.margins
    judgings = [results.judging(problem) for problem in results.comparison.problems]
    shown = {
        each.noun: f"{100 * margins['accuracy']:g} points"
        if each.higher_is_better
        else f"{margins['loss']:g} of a loss"
        for each in judgings
    }
    return listed(shown, "or"), listed(shown.values(), "or")


def _table(results: Results, problem: str, found: ProblemComparison) -> Table:
    ranks = found.ranking.ranks
    differences = found.differences
    rows = tuple(
        (
            results.label(name),
            effect(record.difference, record.unit),
            effect_interval(record.low, record.high, record.unit),
            p_value(record.corrected_p),
            record.outcome if record.reason is None else f"{record.outcome}: {literal(record.reason)}",
        )
        for name, record in sorted(differences.items(), key=lambda item: ranks.get(item[0], len(ranks) + 1))
    )
    baseline = results.label(results.baseline)
    header = ("optimizer", f"minus {baseline}", "95 % interval", "p (Holm)", "conclusion")
    noun = results.judging(problem).noun
    return Table(header, rows, "lrrrl", f"{results.title(problem)}: test {noun} against {baseline}.")


def _ranks(results: Results) -> list[Item]:
    """Return a table of mean ranks: one column per problem (over seeds), and one over the problems."""
    columns = {results.title(problem): found.ranking for problem, found in results.comparison.problems.items()}
    columns["all problems"] = results.comparison.ranking
    shown = {title: ranking for title, ranking in columns.items() if ranking.ranks}
    if not shown:
        return []
    names = sorted(
        {name for ranking in shown.values() for name in ranking.ranks},
        key=lambda name: [ranking.ranks.get(name, len(ranking.ranks) + 1) for ranking in shown.values()][::-1],
    )
    rows = [(results.label(name), *(_rank(ranking.ranks.get(name)) for ranking in shown.values())) for name in names]
    difference = ("*critical difference*", *(_rank(ranking.critical_difference) for ranking in shown.values()))
    return [
        Heading("Mean ranks", "ranks", 3),
        Paragraph(
            "1 is best. On a problem the ranks within each seed are averaged; over all problems, those within each "
            f"problem{_which(results)}. Two mean ranks that lie closer than the critical difference (Nemenyi, "
            f"{100 * results.comparison.settings.alpha:g} %) are not told apart. Seeds are repetitions on the same "
            "problem, so a column says nothing about other problems."
        ),
        Table(
            ("optimizer", *shown),
            (*rows, difference),
            "l" + "r" * len(shown),
            f"Mean ranks by test {_compared(results)[0]}.",
        ),
    ]


def _which(results: Results) -> str:
    ranking = results.comparison.ranking
    text = f" that all optimizers took part in ({counted(len(ranking.problems), 'problem')})"
    if not ranking.left_out:
        return text
    names = listed([results.label(name) for name in ranking.left_out])
    return f"{text}, without {names}, whose best learning rate lies on the edge of a grid"


def _rank(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"
