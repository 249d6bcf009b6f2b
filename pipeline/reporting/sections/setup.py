"""How all of this was measured: splits, budgets, statistics, hardware and versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted, listed
from pipeline.reporting.items import Bullets, Folded, Heading, Item, Paragraph, Table
from pipeline.reporting.numbers_in_words import percent

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results
    from pipeline.settings.study import OptimizerSettings, RestSettings

_PROBLEMS = (
    "problem",
    "network",
    "epochs",
    "batch size",
    "training images",
    "set aside for validation",
    "test images",
    "seeds",
    "optimizers",
)


def build(results: Results) -> list[Item]:
    """Return the section."""
    return [
        Heading("How it was measured", "setup"),
        Bullets(_method(results)),
        Table(
            _PROBLEMS,
            tuple(_problem(results, name) for name in results.settings.problems),
            "llrrrrrrr",
            "The problems.",
        ),
        Folded("The optimizers and their arguments", (_optimizers(results),)),
        *_shared_parameters(results),
        _environment(results),
    ]


def _method(results: Results) -> tuple[str, ...]:
    tuning, first = results.settings.tuning, results.settings.training.first_seed
    split_seed = results.problems.problems[results.main_problem].split_seed
    return (
        "**Data.** Test images are read once, by the evaluation; nothing is chosen by them. A stratified "
        f"share of the training images is set aside for validation (split seed {split_seed}); normalization uses the "
        "rest.",
        f"**Tuning.** {tuning.points} learning rates per optimizer and problem, {tuning.points_per_decade} per decade, "
        f"at most {tuning.max_extensions} more where the best lies on the edge, with seed {tuning.seed}, judged by "
        f"validation {_measures(results)}. Nothing else is tuned.{_inherited(results)}",
        f"**Seeds.** Final trainings use fresh seeds from {first} on. A seed means the same initial weights and the "
        "same order of batches for every optimizer, so differences are taken within seeds.",
        "**Which network counts.** The last epoch's, declared in advance; never the best on the test images.",
        "**Intervals.** Student's t over seeds for means, Wilson's score interval over test images for a class, "
        "both 95 %.",
    )


def _measures(results: Results) -> str:
    return listed(dict.fromkeys(results.judging(problem).noun for problem in results.settings.problems), "or")


def _inherited(results: Results) -> str:
    """Say which searches start from the result of another problem's search."""
    return "".join(
        f" On {results.title(name)} the search is shorter: the value that was tuned on {results.title(row.tuned_on)} "
        f"and {counted(row.neighbours, 'step')} of the grid to each side."
        for name, row in results.settings.problems.items()
        if row.tuned_on is not None
    )


def _problem(results: Results, name: str) -> tuple[str, ...]:
    settings, facts = results.settings.problems[name], results.problems.problems[name]
    return (
        results.title(name),
        f"`{settings.network}`",
        str(settings.epochs),
        str(settings.batch_size),
        f"{facts.counts['train']:,}",
        percent(facts.validation_fraction),
        f"{facts.counts['test']:,}",
        str(results.seeds(name)),
        str(len(results.settings.roster(name))),
    )


def _optimizers(results: Results) -> Table:
    rows = tuple(
        (results.label(name), f"{_call(row)}{f'; the rest: {_call(row.rest)}' if row.rest else ''}")
        for name, row in results.settings.optimizers.items()
    )
    caption = "All other arguments are PyTorch's defaults; the learning rate is tuned."
    return Table(("optimizer", "PyTorch class and arguments"), rows, "ll", caption)


def _call(row: OptimizerSettings | RestSettings) -> str:
    arguments = ", ".join(f"{name}={value!r}" for name, value in row.arguments.items())
    return f"`{row.class_name}({arguments})`"


def _shared_parameters(results: Results) -> list[Item]:
    """Say how the parameters were shared out where one class could not take all (Muon's)."""
    entries = tuple(
        f"{results.label(name)}, {results.title(problem)}: {_shares(results.measured(problem)[name].parameters)}"
        for name, row in results.settings.optimizers.items()
        if row.rest is not None
        for problem in results.settings.problems_of(name)
    )
    if not entries:
        return []
    return [
        Paragraph(
            "Muon updates weight matrices only (a convolution's kernels count as one, flattened). The first layer, the "
            "last layer and all biases are left to its companion, at the same learning rate. The parameters were "
            "shared out like this:"
        ),
        Bullets(entries),
    ]


def _shares(parameters: dict[str, int]) -> str:
    total = sum(parameters.values())
    parts = [f"{count:,} to {name} ({percent(count / total)})" for name, count in parameters.items()]
    return f"{listed(parts)} of {counted(total, 'parameter')}"


def _environment(results: Results) -> Table:
    found = results.environment
    rows = (
        ("processor", found.processor),
        ("cores", str(found.cores)),
        ("memory", f"{found.memory_gib} GiB"),
        ("system", found.system),
        ("Python", found.python),
        *found.versions.items(),
    )
    return Table(("what", "this run"), rows, "ll", "Hardware and versions.")
