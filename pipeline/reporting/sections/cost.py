"""What every optimizer costs in time and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.plots import cost as plot
from pipeline.reporting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.reporting.results import Results

_TIMES = "\N{NO-BREAK SPACE}×"
_HEADER = (
    "optimizer",
    "whole step (× SGD)",
    "95 % interval",
    "whole step (µs)",
    "update alone (× SGD)",
    "95 % interval",
    "update alone (µs)",
    "state (bytes a parameter)",
)


def build(results: Results) -> list[Item]:
    """Return the section; none where the cost was not measured."""
    if not results.cost or not plot.ranked(results):
        return []
    return [
        Heading("What a step costs", "cost"),
        Paragraph(_method(results)),
        picture(results),
        table(results),
        *(Paragraph(text) for text in _reading(results)),
    ]


def picture(results: Results) -> Picture:
    """Return the dot plot of times and memory."""
    ratios = ", ".join(
        f"{results.label(name)} {_ratio(results.cost[name]['step_ratio'])}" for name in plot.ranked(results)
    )
    return Picture(
        "cost",
        to_svg(plot.draw(plot.data(results))),
        f"Time of a training step against plain SGD's, cheapest first: {ratios}.",
        "Dots are medians over rounds, bars their 95 % intervals; the grey line is plain SGD.",
    )


def table(results: Results) -> Table:
    """Return all numbers, the cheapest step first, Adam in bold."""
    ranked = plot.ranked(results)
    return Table(
        _HEADER,
        tuple((results.label(name), *_cells(results.cost[name])) for name in ranked),
        "lrrrrrrr",
        "Time and memory, the cheapest step first. A whole step is forward pass, backward pass and update.",
        frozenset(place for place, name in enumerate(ranked) if name == "adam"),
    )


def _method(results: Results) -> str:
    problem = results.main_problem
    settings = results.settings.problems[problem]
    rounds = len(results.cost[plot.ranked(results)[0]]["rounds"])
    return (
        f"Time for a step of `{settings.network}` on batches of {settings.batch_size}, the network and the batch "
        f"size of {results.title(problem)}, on one core of {results.environment['processor']}. All optimizers take "
        f"turns in one process, {counted(rounds, 'round')} in an order drawn anew for each; a ratio compares an "
        "optimizer with plain SGD in the same round, so that what slows the machine down cancels. These are the only "
        "numbers of this report that differ from run to run."
    )


def _reading(results: Results) -> list[str]:
    texts = []
    if "adam" in results.cost:
        adam = results.cost["adam"]
        texts.append(
            f"A training step with {results.label('adam')} takes {_ratio(adam['step_ratio'])}{_TIMES} the time of one "
            f"with plain SGD{_bounds(adam['step_ratio'])}, its update alone {_ratio(adam['optimizer_ratio'])}{_TIMES}"
            f"{_bounds(adam['optimizer_ratio'])}. It keeps {adam['state_bytes_per_parameter']:.0f} bytes of state for "
            "every parameter, beside 4 for the parameter and 4 for its gradient."
        )
    if "sgd" in results.cost and _is_plain(results):
        texts.append(
            f"{results.label('sgd')} was measured twice, as the yardstick and as a row of its own: "
            f"{_ratio(results.cost['sgd']['step_ratio'])}{_TIMES}{_bounds(results.cost['sgd']['step_ratio'])}. Smaller "
            "differences than that are noise."
        )
    return texts


def _is_plain(results: Results) -> bool:
    row = results.settings.optimizers["sgd"]
    return row.class_name == "SGD" and not row.arguments


def _cells(cost: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        _ratio(cost["step_ratio"]),
        _range(cost["step_ratio"]),
        f"{cost['microseconds_per_step']:,.0f}",
        _ratio(cost["optimizer_ratio"]),
        _range(cost["optimizer_ratio"]),
        f"{cost['microseconds_optimizer']:,.0f}",
        f"{cost['state_bytes_per_parameter']:.1f}",
    )


def _ratio(quantity: Mapping[str, Any]) -> str:
    return f"{quantity['median']:.2f}"


def _range(quantity: Mapping[str, Any]) -> str:
    if quantity["low"] is None or quantity["high"] is None:
        return "–"
    return f"{quantity['low']:.2f} to {quantity['high']:.2f}"


def _bounds(quantity: Mapping[str, Any]) -> str:
    found = _range(quantity)
    return "" if found == "–" else f" (95\N{NO-BREAK SPACE}% interval {found})"
