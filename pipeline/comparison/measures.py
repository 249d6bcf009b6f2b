"""What two optimizers are compared on: the values by seed, their unit and their margin."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from pipeline.statistics.divergence import counted_as_worst

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.comparison.evidence import Evidence
    from pipeline.results.metrics import OverSeeds, Reached

    Vector = NDArray[np.float64]

Unit = Literal["percentage points", "nats", "squared error", "times"]
Seeds: TypeAlias = Sequence[float | None]
"""One raw value (fraction, nats, images, share) for each seed, None after a divergence or for a missed target."""

_GRAIN = 1e-4  # of what is not counted in examples: four digits
_SMALLEST_SHARE = 1e-6  # as results are rounded; a share of zero has no ratio to another


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A quantity with one value for each seed, or for each point of the search.

    Parameters
    ----------
    name
        Its key in ``comparison.json``.
    family
        The measures of one family are tested together: the targets of one kind, otherwise the measure alone.
    unit
        Where it is ``times``, two are compared by their ratio, so that "half" and "double" weigh the same; differences
        are then of logarithms.
    margin
        Its name in the settings.
    values
        From evidence, problem and optimizer to the raw values; None where nothing was measured.
    worst
        From evidence and problem to what a diverged seed, or a missed target, counts as (at least); None where such a
        seed says nothing and is left out.
    part
        The examples that it counts hits of, if it does: its grain is one of them.
    target
        The kind (``train_loss``, ``validation_accuracy``) and the place of the target until which is counted, if one
        is: a missing value then means that it was missed.
    replicates
        What the values are of: seeds, or settings of the search (one seed each).
    """

    name: str
    family: str = ""
    title: str
    unit: Unit
    margin: str
    higher_is_better: bool
    values: Callable[[Evidence, str, str], Seeds | None]
    worst: Callable[[Evidence, str], float] | None = None
    part: str | None = None
    target: tuple[str, int] | None = None
    replicates: Literal["seed", "setting"] = "seed"

    def margin_on(self, problem: str, evidence: Evidence) -> float:
        """Return the margin on the scale of the differences."""
        margin = evidence.settings.margin(self.margin, problem)
        return math.log(margin) if self.unit == "times" else margin

    def grain(self, problem: str, evidence: Evidence) -> float:
        """Return the smallest step of a value on the scale of the differences."""
        return 1 / evidence.examples(problem, self.part) if self.part else _GRAIN

    def shown(self, difference: float | None) -> float | None:
        """Turn a difference (fraction, loss or logarithm) into its unit (points, that of the loss, or a ratio)."""
        if difference is None or self.unit in ("nats", "squared error"):
            return difference
        return math.exp(difference) if self.unit == "times" else 100 * difference

    def scores(self, evidence: Evidence, problem: str) -> dict[str, Vector]:
        """Return the values of every optimizer on the scale on which differences are taken, float64 (seeds,).

        A diverged seed or a missed target counts as the worst value of the problem; NaN where it is to be left out.
        """
        known = {name: self.values(evidence, problem, name) for name in evidence.metrics.problems.get(problem, {})}
        table = {name: np.array(seeds, dtype=np.float64) for name, seeds in known.items() if seeds}
        if self.worst is not None and table:
            joined = np.concatenate(list(table.values()))
            worst, better = self.worst(evidence, problem), self.higher_is_better
            filled = counted_as_worst(joined, np.isnan(joined), worst, higher_is_better=better)
            ends = np.cumsum([len(seeds) for seeds in table.values()])[:-1]
            table = dict(zip(table, np.split(filled, ends), strict=True))
        if self.unit == "times":
            return {name: np.log(np.maximum(seeds, _SMALLEST_SHARE)) for name, seeds in table.items()}
        return table


def _zero(evidence: Evidence, problem: str) -> float:
    return 0.0


def _guess(evidence: Evidence, problem: str) -> float:
    return evidence.loss_of_guessing(problem)


def _whole_training(evidence: Evidence, problem: str, *, seconds: bool) -> float:
    """Return the images of a whole training, or the longest time that one takes."""
    rates = [1.0]
    if seconds:
        rates = [evidence.seconds_per_image(problem, name) or 0.0 for name in evidence.metrics.problems[problem]]
    return (evidence.images(problem) or 0) * max(rates)


def _quantity(name: str) -> Callable[[Evidence, str, str], Seeds | None]:
    """Return how a field of the metrics is read; a diverged pick has no value."""

    def values(evidence: Evidence, problem: str, optimizer: str) -> Seeds | None:
        found = evidence.of(problem, optimizer)
        quantity: OverSeeds | None = getattr(found, name, None)
        if found is None or quantity is None:
            return None
        lost = () if name.startswith("best_") else found.diverged
        return [None if place in lost else value for place, value in enumerate(quantity.seeds)]

    return values


def _area(evidence: Evidence, problem: str, optimizer: str) -> Seeds | None:
    found = evidence.of(problem, optimizer)
    return found.speed.area.seeds if found else None


def _reached(
    evidence: Evidence, problem: str, optimizer: str, *, kind: str, number: int, seconds: bool
) -> Seeds | None:
    """Return the images, or seconds, until a target; None without such a target, or where no step was timed."""
    found = evidence.of(problem, optimizer)
    targets: tuple[Reached, ...] = getattr(found.speed, kind) if found else ()
    rate = evidence.seconds_per_image(problem, optimizer) if seconds else 1.0
    if number >= len(targets) or rate is None or evidence.images(problem) is None:
        return None
    return [None if images is None else images * rate for images in targets[number].images]


def _gap(evidence: Evidence, problem: str, optimizer: str, *, adjusted: bool) -> Seeds | None:
    """Return training − test accuracy, or test − training loss where the problem is judged by its loss.

    `adjusted`: less what the straight line through all trainings of the problem gives for the training result.
    """
    own = _fit_and_gap(evidence, problem, optimizer)
    if own is None:
        return None
    fit, gap = own
    if adjusted:
        everything = [_fit_and_gap(evidence, problem, name) for name in evidence.metrics.problems[problem]]
        fits, gaps = (np.concatenate(parts) for parts in zip(*[one for one in everything if one], strict=True))
        known = np.isfinite(fits) & np.isfinite(gaps)
        if known.any() and np.ptp(fits[known]) > 0:
            slope, start = np.polyfit(fits[known], gaps[known], 1)
            gap = gap - (slope * fit + start)
    return [None if math.isnan(value) else value for value in gap.tolist()]


def _fit_and_gap(evidence: Evidence, problem: str, optimizer: str) -> tuple[Vector, Vector] | None:
    kind, sign = ("loss", -1) if evidence.by_loss(problem) else ("accuracy", 1)
    train, test = (_quantity(f"{part}_{kind}")(evidence, problem, optimizer) for part in ("train", "test"))
    if not train or not test:
        return None
    fit = sign * np.array(train, dtype=np.float64)
    return fit, fit - sign * np.array(test, dtype=np.float64)


def _trial_results(evidence: Evidence, problem: str, optimizer: str) -> list[float | None] | None:
    """Return the validation result at the points that all rows share, in their order; None after a divergence."""
    trials = evidence.trials(problem, optimizer)
    trials = trials[trials["number"] < evidence.points].sort_values("number")
    if len(trials) < evidence.points:
        return None
    return [None if math.isnan(value) else value for value in evidence.results_of(trials, problem).tolist()]


def _good_settings(evidence: Evidence, problem: str, optimizer: str) -> Seeds | None:
    """Return 1 for a point whose result is within the search margin of the row's best one, else 0."""
    results = _trial_results(evidence, problem, optimizer)
    if results is None:
        return None
    by_loss = evidence.by_loss(problem)
    sign, margin = (-1, "search_loss") if by_loss else (1, "search")
    scores = [-math.inf if value is None else sign * value for value in results]
    floor = max(scores) - evidence.settings.margin(margin, problem)
    return [float(score >= floor > -math.inf) for score in scores]


def _accuracy(name: str, title: str, part: str) -> Measure:
    return Measure(
        name=name,
        title=title,
        unit="percentage points",
        margin="accuracy",
        higher_is_better=True,
        values=_quantity(name),
        worst=_zero,
        part=part,
    )


def _loss(name: str, title: str) -> Measure:
    return Measure(
        name=name,
        title=title,
        unit="nats",
        margin="loss",
        higher_is_better=False,
        values=_quantity(name),
        worst=_guess,
    )


TEST_ACCURACY = _accuracy("test_accuracy", "test accuracy", "test")
VALIDATION_ACCURACY = _accuracy("validation_accuracy", "validation accuracy", "validation")
TRAIN_ACCURACY = replace(
    _accuracy("train_accuracy", "training accuracy", "train"), values=_quantity("best_train_accuracy")
)
TEST_LOSS = _loss("test_loss", "test loss")
VALIDATION_LOSS = _loss("validation_loss", "validation loss")
TRAIN_LOSS = replace(_loss("train_loss", "final training loss"), values=_quantity("best_train_loss"))
AREA = replace(_loss("area", "mean training loss over the training"), values=_area)
GAP = Measure(
    name="generalization_gap",
    title="generalization gap",
    unit="percentage points",
    margin="accuracy",
    higher_is_better=False,
    values=partial(_gap, adjusted=False),
    part="test",
)
GAP_AT_EQUAL_FIT = replace(
    GAP,
    name="gap_at_equal_fit",
    title="generalization gap at equal training results",
    values=partial(_gap, adjusted=True),
)
STEP_LEFT = Measure(
    name="step_persistence",
    title="share of the early step that is left",
    unit="times",
    margin="step",
    higher_is_better=True,
    values=_quantity("step_persistence"),
)
ONE_TRIAL = Measure(
    name="one_trial",
    title="validation accuracy of a single trial of the search",
    unit="percentage points",
    margin="search",
    higher_is_better=True,
    values=_trial_results,
    worst=_zero,
    part="validation",
    replicates="setting",
)
ONE_TRIAL_LOSS = replace(
    ONE_TRIAL,
    title="validation loss of a single trial of the search",
    unit="nats",
    margin="search_loss",
    higher_is_better=False,
    worst=_guess,
    part=None,
)
GOOD_SETTINGS = replace(
    ONE_TRIAL,
    name="good_settings",
    title="share of good settings",
    margin="good_settings",
    values=_good_settings,
    worst=None,
    part=None,
)

TARGETS = 3


def _targets(kind: str, what: str, *, seconds: bool) -> tuple[Measure, ...]:
    unit = "seconds" if seconds else "images"
    return tuple(
        Measure(
            name=f"{unit}_to_{kind}_{number + 1}",
            family=f"{unit}_to_{kind}",
            title=f"{unit} to a {what} of",
            unit="times",
            margin="speed",
            higher_is_better=False,
            values=partial(_reached, kind=kind, number=number, seconds=seconds),
            worst=partial(_whole_training, seconds=seconds),
            target=(kind, number),
        )
        for number in range(TARGETS)
    )


IMAGES_TO_LOSS = _targets("train_loss", "training loss", seconds=False)
SECONDS_TO_LOSS = _targets("train_loss", "training loss", seconds=True)
IMAGES_TO_ACCURACY = _targets("validation_accuracy", "validation accuracy", seconds=False)
SECONDS_TO_ACCURACY = _targets("validation_accuracy", "validation accuracy", seconds=True)

FAMILIES: tuple[tuple[Measure, ...], ...] = (
    *((measure,) for measure in (TEST_ACCURACY, TEST_LOSS, VALIDATION_ACCURACY, TRAIN_ACCURACY, TRAIN_LOSS)),
    *((measure,) for measure in (GAP, GAP_AT_EQUAL_FIT, AREA, STEP_LEFT, ONE_TRIAL, GOOD_SETTINGS)),
    *(IMAGES_TO_LOSS, SECONDS_TO_LOSS, IMAGES_TO_ACCURACY, SECONDS_TO_ACCURACY),
)
"""All measures, in the families in which they are tested."""

_BY_LOSS = {
    TEST_ACCURACY.name: TEST_LOSS,
    VALIDATION_ACCURACY.name: VALIDATION_LOSS,
    TRAIN_ACCURACY.name: TRAIN_LOSS,
    ONE_TRIAL.name: ONE_TRIAL_LOSS,
    GAP.name: replace(GAP, title="generalization gap of the loss", unit="nats", margin="loss", part=None),
    GAP_AT_EQUAL_FIT.name: replace(
        GAP_AT_EQUAL_FIT,
        title="generalization gap of the loss at equal training results",
        unit="nats",
        margin="loss",
        part=None,
    ),
}


def on_problem(measure: Measure, evidence: Evidence, problem: str) -> Measure:
    """Return what a measure means on a problem: of the loss instead of the accuracy where it is judged by its loss.

    The loss of a problem without any accuracy (a regression) is a squared error.
    """
    meant = _BY_LOSS.get(measure.name, measure) if evidence.by_loss(problem) else measure
    if meant.target:
        return replace(meant, title=f"{meant.title} {_target(meant.target, evidence, problem)}")
    return replace(meant, unit="squared error") if meant.unit == "nats" and evidence.regression(problem) else meant


def _target(target: tuple[str, int], evidence: Evidence, problem: str) -> str:
    kind, number = target
    known = [getattr(found.speed, kind)[number:] for found in evidence.metrics.problems.get(problem, {}).values()]
    value: float | None = next((targets[0].target for targets in known if targets), None)
    if value is None:
        return "its target"
    return f"{100 * value:g} %" if kind == "validation_accuracy" else f"{value:g}"


def families_of(evidence: Evidence, problem: str) -> list[tuple[Measure, ...]]:
    """Return the measures of a problem by family, each once and by the name that it has there."""
    found: dict[str, tuple[Measure, ...]] = {}
    for family in FAMILIES:
        meant = tuple(on_problem(measure, evidence, problem) for measure in family)
        found.setdefault(meant[0].name, meant)
    return list(found.values())
