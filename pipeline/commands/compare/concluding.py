"""The figures of a comparison -> what may be said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.commands.compare.compared import OptimizerComparison, Side, Tried
from pipeline.comparison import settings as comparison_settings
from pipeline.comparison.measures import TEST_ACCURACY
from pipeline.comparison.pairs import Entry, compare_entries
from pipeline.project.wording import counted
from pipeline.results.metrics import Metrics
from pipeline.running import merit
from pipeline.statistics.paired import smallest_p

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.commands.compare.compared import Checked
    from pipeline.commands.compare.entrants import Entrant
    from pipeline.commands.compare.trying_out import StepTimes
    from pipeline.commands.compare.work import Work
    from pipeline.comparison.pairs import Pair
    from pipeline.results.metrics import OptimizerMetrics
    from pipeline.statistics.paired import Conclusion
    from pipeline.training.record import Outcome


@dataclass(frozen=True)
class Figures:
    """All that was measured; mappings are by optimizer, and `trials` also by problem."""

    trials: Mapping[str, Mapping[str, Sequence[Outcome]]]
    trained: Mapping[str, Sequence[Outcome]]
    metrics: Mapping[str, OptimizerMetrics]
    times: StepTimes
    checks: tuple[Checked, ...]


def conclude(
    jobs: Work, entrants: tuple[Entrant, Entrant], budget: str, figures: Figures, known: int, seconds: float
) -> OptimizerComparison:
    """Compare the two by the study's own statistics and margins."""
    rules = comparison_settings.load()
    first, second = (Entry(jobs.problem, one.name) for one in entrants)
    pair = compare_entries(rules, Metrics(problems={jobs.problem: dict(figures.metrics)}), first, second, TEST_ACCURACY)
    sides = newcomer, baseline = tuple(_side(one, jobs.problem, figures, pair) for one in entrants)
    found = pair.found
    conclusion: Conclusion = "inconclusive" if found is None else found.conclusion(found.p, rules.alpha)
    return OptimizerComparison(
        problem=jobs.problem,
        title=jobs.title,
        measure=pair.measure,  # the loss, where the problem is judged by it
        budget=budget,
        seeds=jobs.seeds,
        optimizer=newcomer,
        baseline=baseline,
        conclusion=conclusion,
        reason=_reason(pair, rules.alpha, len(jobs.study_seeds), sides) if conclusion == "inconclusive" else "",
        difference=None if found is None else found.difference,
        low=None if found is None else found.interval.low,
        high=None if found is None else found.interval.high,
        p=None if found is None else found.p,
        margin=pair.measure.margin_in(rules.margins),
        step_ratio=figures.times.ratio,
        checks=figures.checks,
        notes=tuple(_notes(figures, newcomer, baseline)),
        trainings=len(newcomer.keys) + len(baseline.keys),
        known=known,
        seconds=seconds,
    )


def _side(one: Entrant, problem: str, figures: Figures, pair: Pair) -> Side:
    found, trials, trained = figures.metrics[one.name], figures.trials[one.name], figures.trained[one.name]
    everything = [*(outcome for some in trials.values() for outcome in some), *trained]
    row = one.row
    return Side(
        name=one.name,
        label=row.label,
        class_name=row.class_name,
        arguments=row.arguments,
        rest=None if row.rest is None else row.rest.model_dump(by_alias=True),
        learning_rate_centre=row.learning_rate_centre,
        learning_rate=found.learning_rate,
        on_edge=found.on_edge,
        tried=tuple(_tried(outcome) for outcome in trials[problem]),
        scores=tuple(pair.measure.seeds(found) or ()),
        diverged=found.diverged,
        microseconds_per_step=figures.times.microseconds(one.name),
        state_bytes_per_parameter=figures.times.state_bytes(one.name),
        keys=tuple(outcome.key for outcome in everything),
    )


def _tried(outcome: Outcome) -> Tried:
    rate, loss = outcome.training.learning_rate, outcome.last.validation_loss
    return Tried(rate, merit.accuracy(outcome), loss, outcome.diverged)


def _reason(pair: Pair, alpha: float, most: int, sides: Sequence[Side]) -> str:
    """Say what stands in the way of an answer."""
    if pair.found is None:
        return next(filter(None, map(_obstacle, sides)), pair.reason)
    pairs = pair.found.pairs
    if smallest_p(pairs) > alpha:
        return f"with {counted(pairs, 'seed')} no p can be below {smallest_p(pairs):g}, so more seeds are needed"
    more = f" (--budget study takes {most})" if most > pairs else ""
    return f"{counted(pairs, 'seed')} vary too much to tell{more}"


def _obstacle(side: Side) -> str:
    """Say why an optimizer cannot be compared, or nothing."""
    if all(tried.diverged for tried in side.tried):
        return f"{side.label} diverged at every learning rate that was tried"
    if side.on_edge:
        return f"the best learning rate of {side.label} is {side.learning_rate:g}, the last that was tried on this side"
    return f"{side.label} diverged with {counted(side.diverged, 'seed')}" if side.diverged else ""


def _notes(figures: Figures, newcomer: Side, baseline: Side) -> list[str]:
    ours, theirs = (figures.trained[side.name] for side in (newcomer, baseline))
    if all(_same_weights(one, other) for one, other in zip(ours, theirs, strict=True)):
        return [f"{newcomer.label} and {baseline.label} ended with the same weights: here they are the same optimizer."]
    return []


def _same_weights(one: Outcome, other: Outcome) -> bool:
    mine, theirs = one.weights or {}, other.weights or {}
    return mine.keys() == theirs.keys() and all((mine[name] == theirs[name]).all() for name in mine)
