"""How all of this was measured: splits, budgets, statistics, hardware and versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted, listed
from pipeline.reporting.items import Bullets, Folded, Heading, Item, Paragraph, Table
from pipeline.reporting.numbers_in_words import or_dash, percent, rate

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results
    from pipeline.settings.spaces import Space
    from pipeline.settings.study import OptimizerSettings, RestSettings

_DATA = ("problem", "trained on", "validated on", "tested on", "judged by")
_TRAINING = ("problem", "network", "epochs", "batch size", "schedule", "settings from", "seeds", "optimizers")


def build(results: Results) -> list[Item]:
    """Return the section."""
    study, found = results.settings.study, results.environment
    return [
        Heading("How it was measured", "setup"),
        Paragraph(
            f"{counted(len(results.settings.optimizers), 'optimizer')} on {counted(len(study), 'problem')}. Measured "
            f"on {found.processor}, {counted(found.cores, 'core')}, with PyTorch {found.versions['torch']}."
        ),
        Bullets(_method(results)),
        Table(_DATA, tuple(_data(results, name) for name in study), "lrrrl", f"The problems.{_demo(results)}"),
        Table(_TRAINING, tuple(_training(results, name) for name in study), "llrrllrr", "How they are trained on."),
        Folded("The optimizers, their arguments, and what was searched", (_optimizers(results),)),
        *_shared_parameters(results),
        Folded("Hardware and versions", (_environment(results),)),
    ]


def _method(results: Results) -> tuple[str, ...]:
    tuning, training = results.settings.tuning, results.settings.training
    split_seed = results.problems.problems[results.main_problem].split_seed
    return (
        "**Data.** Test examples are read once, by the evaluation; nothing is chosen by them. A stratified share of "
        f"the training examples is set aside for validation (split seed {split_seed}); normalization uses the rest.",
        f"**Search.** {counted(tuning.points, 'setting')} for each optimizer and problem (a Latin hypercube), and "
        f"{tuning.points_beyond} more where the best lies at the border of the learning rates. All with seed "
        f"{tuning.seed}, judged on validation examples. The best {tuning.survivors} survive.",
        f"**Seeds.** Every survivor is trained with {training.seeds} fresh seeds, from {training.first_seed} on (a "
        "problem may have its own number of them). A seed means the same initial weights and the same order of batches "
        "for every optimizer, so differences are taken within seeds.",
        "**Which network counts.** Each seed picks one of the survivors by its own validation result and reports its "
        "own test result. So every seed repeats the whole of “tune, then train”. For a measure of the training itself "
        "(training loss, speed) it picks by that measure. It is always the network of the last epoch.",
        "**Schedule.** *Linear* means that the learning rate falls to 0 over the training; *constant*, that it "
        "stays as it is.",
        "**Intervals.** Student's t over seeds for means, Wilson's score interval over test examples for a class, "
        "both 95 %.",
    )


def _demo(results: Results) -> str:
    """Name the problems that params.yaml has for the demo."""
    names = [f"`{name}`" for name, row in results.settings.problems.items() if row.demo]
    return f" Not part of the study, but of the demo and the tests: {listed(names)}." if names else ""


def _data(results: Results, name: str) -> tuple[str, ...]:
    counts, noun = results.problems.problems[name].counts, results.examples(name)
    return (
        results.title(name),
        *(counted(counts[part], noun) for part in ("train", "validation", "test")),
        f"test {results.judging(name).noun}",
    )


def _training(results: Results, name: str) -> tuple[str, ...]:
    settings = results.settings.problems[name]
    return (
        results.title(name),
        f"`{settings.network}`",
        str(settings.epochs),
        str(settings.batch_size),
        f"{settings.schedule}{', with warm-up' if settings.warmup_fraction else ''}",
        _origin(results, name),
        str(results.seeds(name)),
        str(len(results.settings.roster(name))),
    )


def _origin(results: Results, name: str) -> str:
    settings = results.settings.problems[name]
    if settings.tuned_on:
        return f"the search on {results.title(settings.tuned_on)}"
    return "the default" if settings.untuned else "its own search"


def _optimizers(results: Results) -> Table:
    rows = tuple(
        (
            results.label(name),
            f"{_call(row)}{f'; the rest: {_call(row.rest)}' if row.rest else ''}",
            "; ".join(f"`{argument}` {_range(space)}" for argument, space in row.search.items()),
            or_dash(row.default_learning_rate, rate),
        )
        for name, row in results.settings.optimizers.items()
    )
    caption = (
        "All other arguments are PyTorch's defaults. Ranges are searched on a logarithmic scale; that of a momentum or "
        "a β in the distance from 1, unless the table says otherwise. The default rate was tried for comparison only."
    )
    return Table(("optimizer", "PyTorch class and fixed arguments", "searched", "default rate"), rows, "lllr", caption)


def _range(space: Space) -> str:
    ends = f"{rate(space.at(0))} to {rate(space.at(1))}"
    return ends if space.uniform is None else f"{ends} (linear)"


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
    text = (
        "Muon updates weight matrices only (a convolution's kernels count as one, flattened). The first layer, the "
        "last layer and all biases are left to its companion, at the same learning rate. The parameters were shared "
        "out like this:"
    )
    return [Folded("Which parameters Muon updates", (Paragraph(text), Bullets(entries)))]


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
