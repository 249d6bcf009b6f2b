"""What every optimizer costs in time and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.numbers_in_words import NONE, SPACE, bounds
from pipeline.reporting.optimizer_table import optimizer_table
from pipeline.reporting.plots import cost as plot

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.reporting.study_results import Results
    from pipeline.results.cost import Ratio, StepCost, StepTime

_TIMES = f"{SPACE}×"
_COLUMNS: tuple[tuple[str, Callable[[StepCost], str]], ...] = (
    ("whole step (× SGD)", lambda cost: _ratio(cost.step_ratio)),
    ("95 % interval", lambda cost: _range(cost.step_ratio)),
    ("whole step (µs)", lambda cost: _amount(cost.microseconds_per_step, 0)),
    ("update alone (× SGD)", lambda cost: _ratio(cost.optimizer_ratio)),
    ("95 % interval", lambda cost: _range(cost.optimizer_ratio)),
    ("update alone (µs)", lambda cost: _amount(cost.microseconds_optimizer, 0)),
    ("state (bytes per parameter)", lambda cost: _amount(cost.state_bytes_per_parameter, 1)),
)


def build(results: Results) -> list[Item]:
    """Return the section; nothing where the cost was not measured."""
    rows = {name: results.cost.optimizers[name] for name in results.cheapest_first()} if results.cost else {}
    if not rows:
        return []
    ratios = results.each(rows, lambda cost: _ratio(cost.step_ratio))
    return [
        Heading("What a step costs", "cost"),
        Picture(
            "cost",
            plot.draw(plot.data(results)),
            f"Time of a training step against plain SGD's, cheapest first: {ratios}.",
            "Dots are medians over rounds, bars their 95 % intervals; the grey line is plain SGD.",
            "What a training step costs",
        ),
        optimizer_table(
            results,
            rows,
            _COLUMNS,
            "Time and memory, the cheapest step first. A whole step is forward pass, backward pass and update.",
        ),
        *(Paragraph(text) for text in _reading(results, rows)),
        Folded("How steps were timed", (Paragraph(_method(results, len(next(iter(rows.values())).rounds))),)),
        *([Folded("The time of a step on every problem", tuple(table))] if (table := _by_problem(results)) else []),
    ]


def _by_problem(results: Results) -> list[Item]:
    """Return a step's time against SGD's on every problem; nothing where it was timed on one problem only."""
    times = results.cost.time_per_step if results.cost else {}
    groups: dict[str, list[str]] = {}
    for problem in results.settings.study:
        if problem in times:
            groups.setdefault(repr(_measurement(results, problem)), []).append(problem)
    if len(groups) < 2:
        return []
    # of equal measurements the problem that most optimizers took part in
    shown = {max(names, key=lambda name: len(times[name])): names for names in groups.values()}
    names = [name for name in results.cheapest_first() if any(name in times[problem] for problem in shown)]
    rows = tuple((results.label(name), *(_times(times[problem].get(name)) for problem in shown)) for name in names)
    header = ("optimizer", *("; ".join(results.title(name) for name in same) for same in shown.values()))
    strong = frozenset(place for place, name in enumerate(names) if name == results.baseline)
    caption = (
        "Time of a whole training step against plain SGD's (median, 95 % interval), by problem. Problems with the same "
        "network, examples and batch size share a column."
    )
    return [Table(header, rows, "l" + "r" * len(shown), caption, strong)]


def _measurement(results: Results, problem: str) -> tuple[object, ...]:
    """Return what a problem's measurement depends on, besides the optimizer."""
    settings, facts = results.settings.problems[problem], results.problems.problems[problem]
    return settings.network, settings.batch_size, facts.shape, facts.task, len(facts.classes)


def _times(found: StepTime | None) -> str:
    return NONE if found is None else f"{_ratio(found.ratio)} ({_range(found.ratio)})"


def _method(results: Results, rounds: int) -> str:
    settings = results.settings.problems[results.main_problem]
    return (
        f"Time for a step of `{settings.network}` on batches of {settings.batch_size}, the network and the batch "
        f"size of {results.title(results.main_problem)}, on one core of {results.environment.processor}. All "
        f"optimizers take turns in one process, {counted(rounds, 'round')} each in a new random order; a ratio "
        "compares an optimizer with plain SGD in the same round, so that what slows the machine down cancels. These "
        "are the only numbers of this report that differ from run to run."
    )


def _reading(results: Results, rows: dict[str, StepCost]) -> list[str]:
    texts = []
    if found := rows.get(results.baseline):
        texts.append(
            f"A training step with {results.label(results.baseline)} takes "
            f"{_sentence(found.step_ratio, ' the time of one with plain SGD')}, its update alone "
            f"{_sentence(found.optimizer_ratio)}. It keeps "
            f"{_amount(found.state_bytes_per_parameter, 0)} bytes of state for every parameter, beside 4 for the "
            "parameter and 4 for its gradient."
        )
    plain = results.with_defaults("SGD")
    if plain in rows:
        texts.append(
            f"{results.label(plain)} was measured twice, as the reference and as a row of its own: "
            f"{_sentence(rows[plain].step_ratio)}. Smaller differences than that cannot be told from chance."
        )
    return texts


def _sentence(ratio: Ratio, of_what: str = "") -> str:
    return f"{_ratio(ratio)}{_TIMES}{of_what}{bounds(_range(ratio))}"


def _ratio(ratio: Ratio) -> str:
    return _amount(ratio.median, 2)


def _range(ratio: Ratio) -> str:
    return NONE if ratio.low is None or ratio.high is None else f"{ratio.low:.2f} to {ratio.high:.2f}"


def _amount(value: float | None, digits: int) -> str:
    return NONE if value is None else f"{value:,.{digits}f}"
