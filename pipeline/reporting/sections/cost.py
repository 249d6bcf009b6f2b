"""What every optimizer costs in time and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.numbers_in_words import NONE, SPACE, bounds
from pipeline.reporting.plots import cost as plot

if TYPE_CHECKING:
    from pipeline.reporting.results import Results
    from pipeline.results.cost import Cost, Ratio, StepCost

_TIMES = f"{SPACE}×"
_HEADER = (
    "optimizer",
    "whole step (× SGD)",
    "95 % interval",
    "whole step (µs)",
    "update alone (× SGD)",
    "95 % interval",
    "update alone (µs)",
    "state (bytes per parameter)",
)


def build(results: Results) -> list[Item]:
    """Return the section; nothing where the cost was not measured."""
    names, cost = results.cheapest_first(), results.cost
    if cost is None or not names:
        return []
    ratios = results.each(names, lambda name: _ratio(cost.optimizers[name].step_ratio))
    return [
        Heading("What a step costs", "cost"),
        Paragraph(_method(results, len(cost.optimizers[names[0]].rounds))),
        Picture(
            "cost",
            to_svg(plot.draw(plot.data(results))),
            f"Time of a training step against plain SGD's, cheapest first: {ratios}.",
            "Dots are medians over rounds, bars their 95 % intervals; the grey line is plain SGD.",
        ),
        Table(
            _HEADER,
            tuple((results.label(name), *_cells(cost.optimizers[name])) for name in names),
            "lrrrrrrr",
            "Time and memory, the cheapest step first. A whole step is forward pass, backward pass and update.",
            results.places_of_baseline(names),
        ),
        *(Paragraph(text) for text in _reading(results, cost)),
    ]


def _method(results: Results, rounds: int) -> str:
    settings = results.settings.problems[results.main_problem]
    return (
        f"Time for a step of `{settings.network}` on batches of {settings.batch_size}, the network and the batch "
        f"size of {results.title(results.main_problem)}, on one core of {results.environment.processor}. All "
        f"optimizers take turns in one process, {counted(rounds, 'round')} in an order drawn anew for each; a ratio "
        "compares an optimizer with plain SGD in the same round, so that what slows the machine down cancels. These "
        "are the only numbers of this report that differ from run to run."
    )


def _reading(results: Results, cost: Cost) -> list[str]:
    texts = []
    if found := cost.optimizers.get(results.baseline):
        texts.append(
            f"A training step with {results.label(results.baseline)} takes "
            f"{_sentence(found.step_ratio, ' the time of one with plain SGD')}, its update alone "
            f"{_sentence(found.optimizer_ratio)}. It keeps "
            f"{_amount(found.state_bytes_per_parameter, 0)} bytes of state for every parameter, beside 4 for the "
            "parameter and 4 for its gradient."
        )
    plain = results.with_defaults("SGD")
    if plain in cost.optimizers:
        texts.append(
            f"{results.label(plain)} was measured twice, as the reference and as a row of its own: "
            f"{_sentence(cost.optimizers[plain].step_ratio)}. Smaller differences than that are noise."
        )
    return texts


def _cells(cost: StepCost) -> tuple[str, ...]:
    return (
        _ratio(cost.step_ratio),
        _range(cost.step_ratio),
        _amount(cost.microseconds_per_step, 0),
        _ratio(cost.optimizer_ratio),
        _range(cost.optimizer_ratio),
        _amount(cost.microseconds_optimizer, 0),
        _amount(cost.state_bytes_per_parameter, 1),
    )


def _sentence(ratio: Ratio, of_what: str = "") -> str:
    return f"{_ratio(ratio)}{_TIMES}{of_what}{bounds(_range(ratio))}"


def _ratio(ratio: Ratio) -> str:
    return _amount(ratio.median, 2)


def _range(ratio: Ratio) -> str:
    return NONE if ratio.low is None or ratio.high is None else f"{ratio.low:.2f} to {ratio.high:.2f}"


def _amount(value: float | None, digits: int) -> str:
    return NONE if value is None else f"{value:,.{digits}f}"
