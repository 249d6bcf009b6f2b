"""How all of this was measured: splits, budgets, statistics, hardware and versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.data import settings as data_settings
from pipeline.reporting.items import Bullets, Folded, Heading, Item, Paragraph, Table
from pipeline.reporting.wording import counted, listed, percent

if TYPE_CHECKING:
    from pipeline.reporting.results import Results
    from pipeline.settings.study import OptimizerSettings, RestSettings


def build(results: Results) -> list[Item]:
    """Return the section."""
    return [
        Heading("How it was measured", "setup"),
        Bullets(_method(results)),
        _problems(results),
        Folded("The optimizers and their arguments", (_optimizers(results),)),
        *_shared_parameters(results),
        _environment(results),
    ]


def _method(results: Results) -> tuple[str, ...]:
    settings = results.settings
    tuning, first = settings.tuning, settings.training.first_seed
    return (
        "**Data.** Test images are read once, by the evaluation; nothing is chosen by them. A stratified "
        f"share of the training images is set aside for validation (split seed {data_settings.load().split_seed}); "
        "normalization uses the rest.",
        f"**Tuning.** {tuning.points} learning rates an optimizer and problem, "
        f"{tuning.points_per_decade} a decade, at most {tuning.max_extensions} more where the best lies on the edge, "
        f"with seed {tuning.seed}, judged by validation accuracy. Nothing else is tuned.{_inherited(results)}",
        f"**Seeds.** Final trainings use fresh seeds from {first} on. A seed means the same initial weights and the "
        "same order of batches for every optimizer, so differences are taken within seeds.",
        "**Which network counts.** The last epoch's, declared in advance; never the best on the test images.",
        "**Intervals.** Student's t over seeds for means, Wilson's score interval over test images for a class, "
        "both 95 %.",
    )


def _inherited(results: Results) -> str:
    """Say where a problem's search starts from what another problem's found."""
    found = [(name, row) for name, row in results.settings.problems.items() if row.tuned_on is not None]
    return "".join(
        f" On {results.title(name)} the search is shorter: the value that was tuned on "
        f"{results.title(str(row.tuned_on))} and {counted(row.neighbours, 'step')} of the grid to each side."
        for name, row in found
    )


def _problems(results: Results) -> Table:
    rows = []
    for name, problem in results.settings.problems.items():
        confusion = results.confusion[results.confusion["problem"] == name]
        rows.append(
            (
                results.title(name),
                f"`{problem.network}`",
                str(problem.epochs),
                str(problem.batch_size),
                f"{_training_images(results, name):,}",
                percent(data_settings.load().sets[results.settings.data_of(name)].validation_fraction),
                f"{int(confusion['count'].sum()):,}",
                str(results.seeds(name)),
                str(len(results.settings.roster(name))),
            )
        )
    header = (
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
    return Table(header, tuple(rows), "llrrrrrrr", "The problems.")


def _training_images(results: Results, problem: str) -> int:
    """Return how many images an epoch has, from the curves: images seen over epochs."""
    curves = results.training_curves
    last = curves[(curves["problem"] == problem) & (curves["epoch"] > 0)].iloc[-1]
    return round(float(last["images"]) / float(last["epoch"]))


def _optimizers(results: Results) -> Table:
    rows = []
    for row in results.settings.optimizers.values():
        rest = f"; the rest: {_call(row.rest)}" if row.rest else ""
        rows.append((row.label, f"{_call(row)}{rest}"))
    return Table(
        ("optimizer", "PyTorch class and arguments"),
        tuple(rows),
        "ll",
        "All other arguments are PyTorch's defaults; the learning rate is tuned.",
    )


def _call(row: OptimizerSettings | RestSettings) -> str:
    arguments = ", ".join(f"{name}={value!r}" for name, value in row.arguments.items())
    return f"`{row.class_name}({arguments})`"


def _shared_parameters(results: Results) -> list[Item]:
    """Say how the parameters were shared out where one class could not take all (Muon's)."""
    entries = []
    for name, row in results.settings.optimizers.items():
        if row.rest is None:
            continue
        counts = [
            f"{results.title(problem)}: {_shares(results.metrics[problem][name]['parameters'])}"
            for problem in results.settings.problems_of(name)
        ]
        entries += [f"{row.label}, {count}" for count in counts]
    if not entries:
        return []
    return [
        Paragraph(
            "Muon updates weight matrices only (a convolution's kernels count as one, flattened). The first layer, the "
            "last layer and all biases are left to its companion, at the same learning rate. So the parameters were "
            "shared out:"
        ),
        Bullets(tuple(entries)),
    ]


def _shares(parameters: dict[str, int]) -> str:
    total = sum(parameters.values())
    parts = [f"{count:,} to {name} ({percent(count / total)})" for name, count in parameters.items()]
    return f"{listed(parts)} of {counted(total, 'parameter')}"


def _environment(results: Results) -> Table:
    found = results.environment
    rows = [
        ("processor", str(found["processor"])),
        ("cores", str(found["cores"])),
        ("memory", f"{found['memory_gib']} GiB"),
        ("system", str(found["system"])),
        ("Python", str(found["python"])),
        *((name, str(version)) for name, version in found["versions"].items()),
    ]
    return Table(("what", "this run"), tuple(rows), "ll", "Hardware and versions.")
