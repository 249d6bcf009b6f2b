"""The figures of a comparison -> what may be said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.commands.compare.compared import OptimizerComparison, Side, Tried
from pipeline.comparison import pairs, sentences
from pipeline.comparison import settings as comparison_settings
from pipeline.comparison.decisions import cell
from pipeline.comparison.evidence import Evidence
from pipeline.comparison.measures import TEST_ACCURACY
from pipeline.evaluation import listings
from pipeline.results.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from pipeline.commands.compare.compared import Checked
    from pipeline.commands.compare.entrants import Entrant
    from pipeline.commands.compare.trying_out import StepTimes
    from pipeline.commands.compare.work import Measured, Work
    from pipeline.comparison.pairs import Tested
    from pipeline.running.outputs import Choice
    from pipeline.training.record import Outcome


@dataclass(frozen=True)
class Figures:
    """All that was measured; mappings are by optimizer."""

    trials: Mapping[str, Sequence[Outcome]]
    choices: Mapping[str, Choice]
    measured: Measured
    times: StepTimes
    checks: tuple[Checked, ...]


def conclude(
    jobs: Work, entrants: tuple[Entrant, Entrant], budget: str, figures: Figures, known: int, seconds: float
) -> OptimizerComparison:
    """Compare the two by the study's own statistics and margins: a family of one comparison."""
    evidence = _evidence(jobs, entrants, figures)
    newcomer, baseline = (pairs.Side(jobs.problem, (one.name,)) for one in entrants)
    (found,) = pairs.compare_family(evidence, [pairs.Pair(TEST_ACCURACY, newcomer, baseline)])
    sides = [_side(one, jobs.problem, figures, evidence, found) for one in entrants]
    tested = found.outcome != pairs.NOT_TESTED
    return OptimizerComparison(
        problem=jobs.problem,
        title=jobs.title,
        measure=found.measure,  # the loss, where the problem is judged by it
        budget=budget,
        seeds=tuple(jobs.seeds),
        optimizer=sides[0],
        baseline=sides[1],
        conclusion=found.outcome,
        reason=_reason(found, evidence),
        difference=found.interval.estimate if tested else None,
        low=found.interval.low,
        high=found.interval.high,
        p=found.corrected if tested else None,
        margin=found.measure.margin_on(jobs.problem, evidence),
        step_ratio=figures.times.ratio,
        checks=figures.checks,
        trainings=len(sides[0].keys) + len(sides[1].keys),
        known=known,
        seconds=seconds,
    )


def _evidence(jobs: Work, entrants: Sequence[Entrant], figures: Figures) -> Evidence:
    problem, rows = jobs.problem, jobs.settings.optimizers
    metrics = figures.measured.problem.metrics(figures.measured.assessments, figures.choices)
    trials = [trial for own in figures.trials.values() for trial in own]
    choices = {(jobs.searched, name): choice for name, choice in figures.choices.items()}
    rules = comparison_settings.load()
    return Evidence(
        settings=rules.model_copy(update={"baseline": entrants[1].name}),
        metrics=Metrics(problems={problem: metrics}),
        searches=listings.searches(trials, choices, rows),
        points=jobs.settings.tuning.points,
        facts={problem: figures.measured.problem.facts(jobs.settings.data_of(problem))},
        labels={name: row.label for name, row in rows.items()},
    )


def _side(one: Entrant, problem: str, figures: Figures, evidence: Evidence, found: Tested) -> Side:
    metrics = evidence.metrics.problems[problem][one.name]
    searched = evidence.searches[evidence.searches["optimizer"] == one.name]
    outcomes = [*figures.trials[one.name], *figures.measured.problem.trainings[one.name].outcomes]
    return Side(
        name=one.name,
        row=one.row,
        search=metrics.search,
        tried=tuple(_tried(searched)),
        scores=tuple(evidence.scores(found.measure, problem)[one.name].tolist()),
        diverged=len(metrics.diverged),
        microseconds_per_step=figures.times.microseconds(one.name),
        state_bytes_per_parameter=figures.times.state_bytes(one.name),
        keys=tuple(outcome.key for outcome in outcomes),
    )


def _tried(searched: pd.DataFrame) -> list[Tried]:
    plain = searched.drop(columns=["problem", "optimizer"]).astype(object).where(searched.notna(), None)
    rows = [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
    return [Tried(**{**row, "arguments": row["arguments"] or ""}) for row in rows]


def _reason(found: Tested, evidence: Evidence) -> str:
    """Say what stands in the way of an answer, as the study does; nothing where there is one."""
    if found.outcome == pairs.NOT_TESTED:
        return f"{found.reason}."
    return sentences.change(cell(found), evidence) if found.outcome == pairs.OPEN else ""
