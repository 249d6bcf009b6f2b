"""``answer.fa.html``: question, answer, verdicts and accuracies per class, from right to left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.project import files
from pipeline.reporting import assignment
from pipeline.reporting.formats import html
from pipeline.reporting.formats.markdown import plain
from pipeline.reporting.persian import words

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.reporting.study_results import Results
    from pipeline.results.metrics import OptimizerMetrics
    from pipeline.results.verdicts import VerdictRecord, VerdictRow

NAME = "answer.fa.html"

_DIGITS = str.maketrans("0123456789.%-", "۰۱۲۳۴۵۶۷۸۹٫٪−")
_DECIMALS = {"percentage points": 2, "times": 2}


def write(results: Results, folder: Path) -> None:
    """Write the page of a study that has the assignment's data; the same results give the same bytes."""
    if not _is_about_the_assignment(results):
        (folder / NAME).unlink(missing_ok=True)
        return
    environment = html.environment()
    environment.filters |= {
        "digits": _digits,
        "percent": _percent,
        "hundredths": lambda fraction: _decimal(100 * fraction, 1),
        "decimal": _decimal,
    }
    files.write_text(folder / NAME, environment.get_template(NAME).render(**content(results)))


def content(results: Results) -> dict[str, Any]:
    """Return what the template shows."""
    claims = results.verdicts.claims
    first = next(iter(claims.values()), None)
    main = results.main_problem
    return {
        "answer": words.ANSWERS.get(first.verdict, words.OPEN) if first else words.OPEN,
        "main": _problem(results, main),
        "seeds": results.seeds(main),
        "baseline": plain(results.label(results.baseline)),
        "ranking": [_ranked(results, *placed) for placed in enumerate(results.ranked(main), start=1)],
        "equal_time": _equal_time(results),
        "problems": [_best(results, problem) for problem in results.settings.study if _is_ranked(results, problem)],
        "counts": _counts(results),
        "claims": [_claim(results, name, found) for name, found in claims.items()],
        "per_class": _per_class(results),
        "processor": results.environment.processor,
        "torch": results.environment.versions["torch"],
    }


def _digits(text: object) -> str:
    """Return a text with Persian digits and signs."""
    return str(text).translate(_DIGITS)


def _decimal(value: float, places: int = 2) -> str:
    return _digits(f"{value:.{places}f}")


def _percent(fraction: float | None) -> str:
    """Return a fraction in per cent."""
    return "واگرا شد" if fraction is None else _digits(f"{100 * fraction:.1f}%")


def _problem(results: Results, name: str) -> str:
    return words.PROBLEMS.get(name, plain(results.title(name)))


def _reached(results: Results, problem: str, found: OptimizerMetrics) -> str:
    """Return the accuracy, or the loss where a problem is judged by it."""
    if results.judging(problem).higher_is_better or found.reached.mean is None:
        return _percent(found.reached.mean)
    return f"{_decimal(found.reached.mean, 3)} نات"


def _ranked(results: Results, place: int, name: str) -> dict[str, Any]:
    problem = results.main_problem
    found = results.measured(problem)[name]
    cost = results.cost.optimizers.get(name) if results.cost else None
    return {
        "place": place,
        "label": plain(results.label(name)),
        "baseline": name == results.baseline,
        "reached": _reached(results, problem, found),
        "low": found.reached.low,
        "high": found.reached.high,
        "cost": cost.step_ratio.median if cost else None,
    }


def _equal_time(results: Results) -> dict[str, Any] | None:
    """Return who is ahead on the main problem once the quickest has finished, and where the winner is by then."""
    problem = results.main_problem
    found = results.comparison.problems[problem].at_equal_seconds
    winner = results.ranked(problem)[0]
    accuracies = found.validation_accuracy if found else {}
    if found is None or winner not in accuracies:
        return None
    leader = next(iter(accuracies))
    return {
        "seconds": found.seconds,
        "same": leader == winner,
        **{f"{role}_label": plain(results.label(name)) for role, name in (("leader", leader), ("winner", winner))},
        "leader": accuracies[leader],
        "winner": accuracies[winner],
    }


def _is_ranked(results: Results, problem: str) -> bool:
    return len(results.settings.roster(problem)) > 1


def _best(results: Results, problem: str) -> dict[str, Any]:
    ranked, measured = results.ranked(problem), results.measured(problem)
    place = ranked.index(results.baseline) + 1 if results.baseline in ranked else None
    return {
        "title": _problem(results, problem),
        "best": plain(results.label(ranked[0])),
        "reached": _reached(results, problem, measured[ranked[0]]),
        "place": place,
        "of": len(ranked),
        "baseline": _reached(results, problem, measured[results.baseline]) if place else None,
    }


def _counts(results: Results) -> list[tuple[str, int]]:
    found = [one.verdict for one in results.verdicts.claims.values()]
    return [(persian, found.count(verdict)) for verdict, persian in words.VERDICTS.items() if verdict in found]


def _claim(results: Results, name: str, found: VerdictRecord) -> dict[str, Any]:
    rows = [row for part in found.parts for row in part.rows if row.decisive]
    return {
        "says": words.CLAIMS.get(name, found.title),
        "verdict": found.verdict.replace(" ", "-"),
        "word": words.VERDICTS.get(found.verdict, found.verdict),
        "decided": _decided(results, rows[0]) if rows else None,
    }


def _decided(results: Results, row: VerdictRow) -> dict[str, Any] | None:
    if row.difference is None:
        return None
    places = _DECIMALS.get(row.unit, 3)
    titles = {plain(results.title(name)): _problem(results, name) for name in results.problems.problems}
    interval = None if row.low is None or row.high is None else (_decimal(row.low, places), _decimal(row.high, places))
    return {
        "a": words.side(row.a, titles),
        "b": words.side(row.b, titles),
        "problem": _problem(results, row.problem),
        "measure": _digits(words.measure(row.measure)),
        "difference": _decimal(row.difference, places),
        "unit": words.UNITS.get(row.unit, row.unit),
        "interval": interval,
    }


def _is_about_the_assignment(results: Results) -> bool:
    return results.settings.data_of(results.main_problem) == assignment.DATA


def _per_class(results: Results) -> dict[str, Any]:
    """Return the accuracies per class: what the assignment reports, the trainings beside it, and the winner."""
    main = results.main_problem
    columns = [*assignment.trainings(results).items(), (main, results.ranked(main)[0])]
    columns = list(dict.fromkeys(columns))
    reported = {assignment.FULL_NAMES.get(name, name): value / 100 for name, value in assignment.PER_CLASS.items()}
    found = results.per_class.set_index(["problem", "optimizer", "class"])["accuracy"]
    rows = [
        (words.CLASSES.get(name, name), reported.get(name), [float(found[(*column, name)]) for column in columns])
        for name in results.problems.problems[main].classes
    ]
    totals = [results.measured(problem)[optimizer].reached.mean for problem, optimizer in columns]
    titles = [(plain(results.label(optimizer)), _problem(results, problem)) for problem, optimizer in columns]
    return {"titles": titles, "rows": rows, "totals": totals, "reported": assignment.accuracy(results)}
