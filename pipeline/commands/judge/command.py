"""``python -m pipeline judge``: a verdict on anybody's results."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - typer reads the annotation when it runs
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from pipeline.commands.judge.judgement import Judged, Judgement

_WIDTH_OF_A_FILE = 130
_SMALLEST_P_SHOWN = 0.0001


def judge(
    results: Annotated[
        Path,
        typer.Argument(help="A CSV: optimizer, seed and a metric; optional are problem, epoch, learning_rate."),
    ],
    metric: Annotated[
        str | None, typer.Option(help="The column to judge; needless where there is one, or test_accuracy.")
    ] = None,
    higher_is_better: Annotated[
        bool | None,
        typer.Option("--higher-is-better/--lower-is-better", help="Taken from the metric's name where not given."),
    ] = None,
    last: Annotated[int, typer.Option(help="How many of the last epochs are averaged.")] = 1,
    margin: Annotated[
        float | None,
        typer.Option(
            help="The largest difference that does not matter, in the metric's own unit "
            "(0.005 is half a percentage point of an accuracy between 0 and 1)."
        ),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Compare every optimizer with this one instead of all pairs.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Judge the results of a CSV: paired by seed, exact sign-flip test, Holm over all comparisons.

    With a learning_rate column, each optimizer's runs are those at the learning rate with the most seeds. Example:

    python -m pipeline judge results.csv --metric test_accuracy --baseline adam --margin 0.005
    """
    from pipeline.commands.judge.judgement import judge_results

    found = judge_results(
        results,
        metric=metric,
        higher_is_better=higher_is_better,
        last=last,
        margin=margin,
        baseline=baseline,
    )
    if as_json:
        typer.echo(json.dumps(as_items(found), indent=2, ensure_ascii=False, allow_nan=False))
        return
    _print(found)


def as_items(found: Judgement) -> dict[str, Any]:
    """Return a judgement as plain JSON values, all figures in the metric's own unit."""
    return {
        "metric": found.metric,
        "higher_is_better": found.higher_is_better,
        "epochs_averaged": found.last,
        "margin": found.margin,
        "optimizers": [
            {
                "problem": one.problem,
                "optimizer": one.optimizer,
                "learning_rate": one.learning_rate,
                "seeds": list(one.seeds),
                "mean": one.mean,
                "sd": one.deviation,
            }
            for one in found.runs
        ],
        "comparisons": [_comparison_items(found, entry) for entry in found.judged],
        "ranking": None
        if found.ranking is None
        else {
            "mean_ranks": found.ranking.ranks,
            "blocks": found.ranking.blocks,
            "friedman_p": found.ranking.p,
            "critical_difference": found.ranking.critical_difference,
        },
        "notes": found.notes,
    }


def _comparison_items(found: Judgement, entry: Judged) -> dict[str, Any]:
    pair = {"problem": entry.a.problem, "a": entry.a.optimizer, "b": entry.b.optimizer}
    answer = {"outcome": entry.outcome, "sentence": sentence(found, entry)}
    one = entry.comparison
    if one is None:
        return pair | {"p": None, "p_holm": None, "reason": entry.reason} | answer
    figures = {
        "pairs": one.pairs,
        "difference": one.difference,
        "difference_points": 100 * one.difference if found.is_fraction else None,
        "interval": {"low": one.interval.low, "high": one.interval.high, "confidence": 0.95},
        "equivalence_interval": {"low": one.equivalence.low, "high": one.equivalence.high, "confidence": 0.9},
        "p": one.p,
        "p_holm": entry.corrected_p,
        "probability_of_improvement": one.probability_of_improvement,
    }
    return pair | figures | answer


def sentence(found: Judgement, entry: Judged) -> str:
    """Return one plain sentence on one comparison."""
    a, b = entry.a.optimizer, entry.b.optimizer
    where = "" if entry.a.problem is None else f"On {entry.a.problem}: "
    one = entry.comparison
    if one is None or entry.corrected_p is None:
        return f"{where}{a} and {b} were not tested: {entry.reason}"
    answer = {
        "better": f"{a} is better than {b}",
        "worse": f"{a} is worse than {b}",
        "no meaningful difference": f"{a} and {b} do not differ by more than the margin",
        "inconclusive": f"{'W' if not where else 'w'}hether {a} or {b} is better stays open",
    }[entry.outcome if entry.outcome != "not tested" else "inconclusive"]
    interval = f"95 % interval {_shown(found, one.interval.low)} to {_shown(found, one.interval.high)}"
    figures = f"{a} − {b} = {_shown(found, one.difference)}{_unit(found)} ({interval}, {one.pairs} paired seeds)"
    return f"{where}{answer}: {figures}, p = {_p(one.p)}, after Holm's correction {_p(entry.corrected_p)}."


def _unit(found: Judgement) -> str:
    return " pp" if found.is_fraction else ""


def _shown(found: Judgement, difference: float | None) -> str:
    if difference is None:
        return "?"
    return f"{100 * difference:+.3f}" if found.is_fraction else f"{difference:+.4g}"


def _level(found: Judgement, value: float) -> str:
    return f"{100 * value:.2f}" if found.is_fraction else f"{value:.5g}"


def _p(p: float) -> str:
    return f"{p:.4f}" if p >= _SMALLEST_P_SHOWN else f"<{_SMALLEST_P_SHOWN}"


def _print(found: Judgement) -> None:
    from rich.console import Console

    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, width=_WIDTH_OF_A_FILE)
    console.print(_headline(found), soft_wrap=True)
    console.print(_optimizers(found))
    console.print(_comparisons(found))
    _print_sentences(console, found)


def _headline(found: Judgement) -> str:
    direction = f"{'higher' if found.higher_is_better else 'lower'} is better"
    guessed = " (taken from its name)" if found.direction_is_guessed else ""
    epochs = {None: "", 1: ", last epoch"}.get(found.last, f", mean of the last {found.last} epochs")
    unit = ", in percent" if found.is_fraction else ""
    margin = "" if found.margin is None else f", margin ±{_level(found, found.margin)}{_unit(found)}"
    return f"{found.metric}{unit}{epochs}; {direction}{guessed}{margin}"


def _optimizers(found: Judgement) -> Table:
    table = _table([], ["learning rate", "seeds", "mean", "sd"], found, "optimizer")
    for one in found.runs:
        rate = "" if one.learning_rate is None else f"{one.learning_rate:g}"
        deviation = "" if one.deviation is None else _level(found, one.deviation)
        row = [one.optimizer, rate, str(len(one.seeds)), _level(found, one.mean), deviation]
        table.add_row(*_with_problem(found, one.problem, row))
    return table


def _comparisons(found: Judgement) -> Table:
    # Short enough for a terminal of 80 columns; P(win) is the probability of improvement of the first.
    figures = [f"diff{_unit(found)}", "95 % interval", "p", "p (Holm)", "P(win)"]
    table = _table(["outcome"], figures, found, "comparison")
    for entry in found.judged:
        pair = f"{entry.a.optimizer} − {entry.b.optimizer}"
        table.add_row(*_with_problem(found, entry.a.problem, [pair, *_figures(found, entry), entry.outcome]))
    return table


def _figures(found: Judgement, entry: Judged) -> list[str]:
    one = entry.comparison
    if one is None or entry.corrected_p is None:
        return [""] * 5
    return [
        _shown(found, one.difference),
        f"{_shown(found, one.interval.low)} to {_shown(found, one.interval.high)}",
        _p(one.p),
        _p(entry.corrected_p),
        f"{one.probability_of_improvement:.2f}",
    ]


def _table(words: list[str], figures: list[str], found: Judgement, first: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in _with_problem(found, "problem", [first]):
        table.add_column(name, overflow="fold", min_width=8)
    for name in figures:
        table.add_column(name, justify="right", no_wrap=True)
    for name in words:
        table.add_column(name)
    return table


def _with_problem(found: Judgement, problem: str | None, row: list[str]) -> list[str]:
    has_problems = any(one.problem is not None for one in found.runs)
    return [problem or "", *row] if has_problems else row


def _print_sentences(console: Console, found: Judgement) -> None:
    for entry in found.judged:
        console.print(sentence(found, entry), soft_wrap=True)
    if found.ranking is not None:
        ranks = ", ".join(f"{name} {rank:.2f}" for name, rank in found.ranking.ranks.items())
        console.print(
            f"Mean rank over {found.ranking.blocks} runs each: {ranks}; "
            f"Friedman p = {_p(found.ranking.p)}, "
            f"Nemenyi's critical difference {found.ranking.critical_difference:.2f}.",
            soft_wrap=True,
        )
    for note in found.notes:
        console.print(f"Note: {note}", soft_wrap=True)
