"""The card of the champion: what the network is, how good it is, what it was trained on, and what it cannot do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.reporting.drawing.axes import records
from pipeline.reporting.numbers_in_words import percent, rate
from pipeline.reporting.study_results import of_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from pipeline.reporting.study_results import Results
    from pipeline.results.champions import ChampionRecord
    from pipeline.results.metrics import OptimizerMetrics, OverSeeds
    from pipeline.results.problems import ProblemFacts


def text(results: Results) -> str:
    """Return the card of the main problem's champion as Markdown; the same results give the same bytes."""
    problem = results.main_problem
    champion, facts = results.champions.problems[problem], results.problems.problems[problem]
    found = results.measured(problem)[champion.optimizer]
    title = results.settings.problems[problem].title or facts.title
    parts = [
        f"# Model card: {title}, trained with {champion.label}",
        "Written by `dvc repro` from `results/`. The weights are `models/champion.safetensors`; "
        "`optimizer-study predict photo.png` uses them.",
        *_what(results, champion, found),
        *_accuracy(results, champion, found),
        *_data(facts),
        *_limits(facts, champion, found),
    ]
    return "\n\n".join(part.replace("\N{NO-BREAK SPACE}", " ") for part in parts) + "\n"


def _what(results: Results, champion: ChampionRecord, found: OptimizerMetrics) -> Iterator[str]:
    row = results.settings.problems[champion.problem]
    setting = f"learning rate {rate(champion.learning_rate)}, {row.schedule} schedule, {row.epochs} epochs"
    yield "## What it is"
    yield (
        f"The network `{champion.network}` with {sum(found.parameters.values()):,} parameters, trained with "
        f"{champion.label} ({setting}, batches of {row.batch_size}, seed {champion.seed}). On the "
        f"validation examples {champion.label} has the best mean over its seeds, and of the networks that its seeds "
        "picked this one is the best."
    )


def _accuracy(results: Results, champion: ChampionRecord, found: OptimizerMetrics) -> Iterator[str]:
    yield "## How good it is"
    judging = results.judging(champion.problem)
    on_test = judging.with_unit(_of_seed(found.reached, found, champion))
    reached = champion.validation_accuracy if judging.higher_is_better else champion.validation_loss
    yield (
        f"Test {judging.noun}: **{on_test}** (validation: {judging.with_unit(reached)}). The mean over the "
        f"{len(found.trainings)} seeds of {champion.label} is {judging.with_interval(found.reached)}. This network was "
        "chosen as the best on the validation examples, so its validation figure is flattering; the test examples had "
        "no part in the choice."
    )
    matrix = of_problem(results.confusion, champion.problem)
    if len(matrix):
        yield "\n".join(_classes(matrix))


def _of_seed(quantity: OverSeeds, found: OptimizerMetrics, champion: ChampionRecord) -> float | None:
    return quantity.seeds[found.trainings.index(champion.key)] if champion.key in found.trainings else quantity.mean


def _classes(matrix: pd.DataFrame) -> Iterator[str]:
    yield "| class | test accuracy | most often taken for |"
    yield "| --- | ---: | --- |"
    for name, rows in matrix.groupby("actual", sort=False):
        total, right = rows["count"].sum(), rows.loc[rows["predicted"] == name, "count"].sum()
        wrong = rows[(rows["predicted"] != name) & (rows["count"] > 0)]
        first = records(wrong.nlargest(1, "count"))
        taken_for = f"{first[0]['predicted']} ({percent(first[0]['count'] / total)})" if first else "–"
        yield f"| {name} | {percent(right / total)} | {taken_for} |"


def _data(facts: ProblemFacts) -> Iterator[str]:
    yield "## What it was trained on"
    counts = ", ".join(f"{count:,} {part}" for part, count in facts.counts.items())
    yield f"{facts.title}: {facts.description} Examples: {counts}."


def _limits(facts: ProblemFacts, champion: ChampionRecord, found: OptimizerMetrics) -> Iterator[str]:
    yield "## Limits"
    limits = [
        "It comes from a comparison of optimizers with short trainings: networks made for accuracy do much better.",
        "It knows examples like those it was trained on, of the same size and kind, and nothing else.",
    ]
    if facts.task == "classification":
        limits.append(
            f"It names one of its {len(facts.classes)} classes for every input, also for one that shows none of them."
        )
    if found.calibration_error and (error := _of_seed(found.calibration_error, found, champion)) is not None:
        limits.append(f"Its probabilities are off by {percent(error)} on average (expected calibration error).")
    limits.append("It was not tested for fairness, for safety, or against inputs made to deceive it.")
    yield "\n".join(f"- {limit}" for limit in limits)
