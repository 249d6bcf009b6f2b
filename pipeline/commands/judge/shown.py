"""A judgement as JSON, as a DataFrame, as HTML, as the rows of two tables, and in sentences."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.commands.judge.judgement import Judgement
    from pipeline.commands.judge.pairing import Judged
    from pipeline.statistics.paired import Compared

_SMALLEST_P_SHOWN = 0.0001


def as_items(found: Judgement) -> dict[str, Any]:
    """Return a judgement as plain JSON values, all figures in the metric's own unit."""
    ranking = found.ranking
    return {
        "understood": found.understood,
        "metric": found.metric,
        "higher_is_better": found.higher_is_better,
        "epochs_averaged": found.last,
        "margin": found.margin,
        "optimizers": [
            {
                "problem": one.problem,
                "optimizer": one.optimizer,
                "learning_rate": one.learning_rate,
                "runs": one.values.size,
                "seeds": None if one.seeds is None else list(one.seeds),
                "mean": one.mean,
                "sd": one.deviation,
            }
            for one in found.scores
        ],
        "comparisons": [_comparison_items(found, entry) for entry in found.judged],
        "ranking": ranking
        and {
            "mean_ranks": ranking.ranks,
            "blocks": ranking.blocks,
            "friedman_p": ranking.p,
            "critical_difference": ranking.critical_difference,
        },
        "notes": found.notes,
    }


def _comparison_items(found: Judgement, entry: Judged) -> dict[str, Any]:
    one = entry.comparison
    figures: dict[str, Any] = {"p": None, "p_holm": None, "reason": entry.reason}
    if one is not None:
        figures = {
            "paired": entry.is_paired,
            "test": entry.test,
            "runs_a": entry.a.values.size,
            "runs_b": entry.b.values.size,
            "difference": one.difference,
            "difference_points": 100 * one.difference if found.is_fraction else None,
            "interval": {"low": one.interval.low, "high": one.interval.high, "confidence": 0.95},
            "p": one.p,
            "p_holm": entry.corrected_p,
            "probability_of_improvement": one.probability_of_improvement,
        }
    return {
        "problem": entry.a.problem,
        "a": entry.a.optimizer,
        "b": entry.b.optimizer,
        **figures,
        "outcome": entry.conclusion,
        "sentence": sentence(found, entry),
    }


def as_frame(found: Judgement) -> pd.DataFrame:
    """Return a row per comparison, figures in the metric's own unit."""
    import pandas as pd

    rows = [
        {
            "problem": entry.a.problem,
            "a": entry.a.optimizer,
            "b": entry.b.optimizer,
            "difference": one and one.difference,
            "low": one and one.interval.low,
            "high": one and one.interval.high,
            "p": one and one.p,
            "p_holm": entry.corrected_p,
            "probability_of_improvement": one and one.probability_of_improvement,
            "paired": entry.is_paired,
            "runs_a": entry.a.values.size,
            "runs_b": entry.b.values.size,
            "conclusion": entry.conclusion,
            "reason": entry.reason,
        }
        for entry in found.judged
        for one in [entry.comparison]
    ]
    figures = ("difference", "low", "high", "p", "p_holm", "probability_of_improvement")
    return pd.DataFrame(rows).astype(dict.fromkeys(figures, float))


def as_html(found: Judgement) -> str:
    """Return what the command prints, as HTML without styles of its own."""
    lines = [f"Understood: {found.understood}.", headline(found)]
    tables = [_html_table(rows) for rows in (optimizers(found), comparisons(found))]
    return "".join([*map(_paragraph, lines), *tables, *map(_paragraph, remarks(found))])


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _html_table(rows: list[dict[str, str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row.values())}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def headline(found: Judgement) -> str:
    """Return what was judged, and how."""
    direction = f"{'higher' if found.higher_is_better else 'lower'} is better"
    from_name = " (so its name says)" if found.direction_from_name else ""
    epochs = {None: "", 1: ", last epoch"}.get(found.last, f", mean of the last {found.last} epochs")
    unit = ", in percent" if found.is_fraction else ""
    margin = "" if found.margin is None else f", margin ±{_level(found, found.margin)}{_unit(found)}"
    return f"{found.metric}{unit}{epochs}; {direction}{from_name}{margin}"


def optimizers(found: Judgement) -> list[dict[str, str]]:
    """Return a row per optimizer and problem, by column."""
    return [
        _with_problem(found, one.problem)
        | {
            "optimizer": one.optimizer,
            "learning rate": "" if one.learning_rate is None else f"{one.learning_rate:g}",
            "seeds" if one.seeds is not None else "runs": str(one.values.size),
            "mean": _level(found, one.mean),
            "sd": "" if one.deviation is None else _level(found, one.deviation),
        }
        for one in found.scores
    ]


def comparisons(found: Judgement) -> list[dict[str, str]]:
    """Return a row per comparison, by column."""
    return [
        _with_problem(found, entry.a.problem)
        | {"comparison": f"{entry.a.optimizer} − {entry.b.optimizer}"}
        | _figures(found, entry)
        | {"conclusion": entry.conclusion}
        for entry in found.judged
    ]


def _with_problem(found: Judgement, problem: str | None) -> dict[str, str]:
    return {} if found.scores[0].problem is None else {"problem": problem or ""}


def _figures(found: Judgement, entry: Judged) -> dict[str, str]:
    # Short enough for a terminal of 80 columns; P(win) is the probability of improvement of the first.
    names = (f"diff{_unit(found)}", "95 % interval", "p", "p (Holm)", "P(win)")
    one = entry.comparison
    if one is None:
        return dict.fromkeys(names, "")
    figures = (
        _shown(found, one.difference),
        _interval(found, one),
        _p(one.p),
        _p(entry.corrected_p),
        f"{one.probability_of_improvement:.2f}",
    )
    return dict(zip(names, figures, strict=True))


def remarks(found: Judgement) -> list[str]:
    """Return a sentence for each comparison, one on the ranks, and the notes."""
    lines = [sentence(found, entry) for entry in found.judged]
    if found.ranking is not None:
        ranks = ", ".join(f"{name} {rank:.2f}" for name, rank in found.ranking.ranks.items())
        lines.append(
            f"Mean rank over {found.ranking.blocks} runs each: {ranks}; Friedman p = {_p(found.ranking.p)}, "
            f"Nemenyi's critical difference {found.ranking.critical_difference:.2f}."
        )
    return [*lines, *(f"Note: {note}" for note in found.notes)]


def sentence(found: Judgement, entry: Judged) -> str:
    """Return one plain sentence on one comparison."""
    a, b = entry.a.optimizer, entry.b.optimizer
    where = "" if entry.a.problem is None else f"On {entry.a.problem}: "
    one = entry.comparison
    if one is None:
        return f"{where}{a} and {b} were not tested: {entry.reason}"
    answer = {
        "better": f"{a} is better than {b}",
        "worse": f"{a} is worse than {b}",
        "no meaningful difference": f"{a} and {b} do not differ by more than the margin",
        "inconclusive": f"{'w' if where else 'W'}hether {a} or {b} is better stays open",
    }[entry.conclusion]
    interval = f"95 % interval {_interval(found, one)}"
    figures = f"{a} − {b} = {_shown(found, one.difference)}{_unit(found)} ({interval}, {entry.runs})"
    return f"{where}{answer}: {figures}, p = {_p(one.p)}, after Holm's correction {_p(entry.corrected_p)}."


def _interval(found: Judgement, one: Compared) -> str:
    if one.interval.low is None or one.interval.high is None:
        return "not known"
    return f"{_shown(found, one.interval.low)} to {_shown(found, one.interval.high)}"


def _unit(found: Judgement) -> str:
    return " pp" if found.is_fraction else ""


def _shown(found: Judgement, difference: float) -> str:
    return f"{100 * difference:+.3f}" if found.is_fraction else f"{difference:+.4g}"


def _level(found: Judgement, value: float) -> str:
    return f"{100 * value:.2f}" if found.is_fraction else f"{value:.5g}"


def _p(p: float | None) -> str:
    if p is None:
        return ""
    return f"{p:.4f}" if p >= _SMALLEST_P_SHOWN else f"<{_SMALLEST_P_SHOWN}"
