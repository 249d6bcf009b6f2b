"""The ranking on the main problem: a picture, and all numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.plots import ranking as plot
from pipeline.reporting.wording import counted, decimal, interval, number, percent, rate

if TYPE_CHECKING:
    from pipeline.reporting.results import Results

_HEADER = (
    "#",
    "optimizer",
    "test accuracy (%)",
    "95 % interval",
    "training accuracy (%)",
    "gap (points)",
    "test loss (nats)",
    "learning rate",
)


def build(results: Results) -> list[Item]:
    """Return the section."""
    problem = results.main_problem
    return [
        Heading(f"Ranking on {results.title(problem)}", "ranking"),
        Paragraph(
            f"{results.description(problem)} Every optimizer has its own tuned learning rate and "
            f"{counted(results.seeds(problem), 'seed')}; what counts is the network after the last epoch, on "
            "test images that nothing was chosen by."
        ),
        picture(results, problem),
        table(results, problem),
        Paragraph(
            "Intervals are Student's t over seeds: they tell how far the mean would move with other initial "
            "weights and batch orders, not with other test images. Because seeds are paired, two overlapping "
            "intervals can still differ reliably. The gap is training minus test accuracy."
        ),
        Folded("More numbers: losses, validation and calibration", (details(results, problem),)),
    ]


def picture(results: Results, problem: str) -> Picture:
    """Return the dot plot of a problem's ranking."""
    ranked = results.ranked(problem)
    title = results.title(problem)
    accuracies = ", ".join(
        f"{results.label(name)} {percent(results.metrics[problem][name]['test_accuracy']['mean'])}" for name in ranked
    )
    return Picture(
        f"ranking_{problem}",
        to_svg(plot.draw(plot.data(results, problem))),
        f"Mean test accuracy on {title}, best first: {accuracies}.",
        f"Test accuracy on {title}, {counted(results.seeds(problem), 'seed')} an optimizer. Large dots are means, "
        f"bars their 95 % intervals, the faint dots below them single seeds.{_note(results, problem)}",
    )


def table(results: Results, problem: str) -> Table:
    """Return every optimizer's numbers on a problem, best first, Adam in bold."""
    ranked = results.ranked(problem)
    found = results.metrics[problem]
    with_divergence = any(found[name]["diverged"] for name in ranked)
    rows = [(str(place), results.label(name), *_numbers(found[name])) for place, name in enumerate(ranked, start=1)]
    header: tuple[str, ...] = _HEADER
    align = "rl" + "r" * (len(_HEADER) - 2)
    if with_divergence:
        header, align = (*header, "seeds diverged"), align + "r"
        rows = [
            (*row, f"{found[name]['diverged']} of {results.seeds(problem)}")
            for row, name in zip(rows, ranked, strict=True)
        ]
    adam = frozenset(place for place, name in enumerate(ranked) if name == "adam")
    caption = f"All optimizers on {results.title(problem)}, means over seeds, best test accuracy first."
    return Table(header, tuple(rows), align, caption, adam)


def details(results: Results, problem: str) -> Table:
    """Return the quantities that the ranking does not need, with intervals where they are shares."""
    ranked = results.ranked(problem)
    rows = []
    for name in ranked:
        found = results.metrics[problem][name]
        validation, calibration = found["validation_accuracy"], found["calibration_error"]
        rows.append(
            (
                results.label(name),
                f"{number(validation['mean'])} ({interval(validation)})",
                f"{number(calibration['mean'])} ({interval(calibration)})",
                decimal(found["train_loss"]["mean"]),
                decimal(found["test_loss"]["mean"]),
            )
        )
    header = (
        "optimizer",
        "validation accuracy (%)",
        "calibration error (%)",
        "training loss (nats)",
        "test loss (nats)",
    )
    caption = (
        "Means over seeds, in brackets 95 % intervals. The calibration error is the mean distance between "
        "confidence and accuracy on test images."
    )
    adam = frozenset(place for place, name in enumerate(ranked) if name == "adam")
    return Table(header, tuple(rows), "lrrrr", caption, adam)


def _note(results: Results, problem: str) -> str:
    lost = any(results.metrics[problem][name]["diverged"] for name in results.settings.roster(problem))
    return " An arrow on the left edge stands for diverged seeds." if lost else ""


def _numbers(found: dict[str, Any]) -> tuple[str, ...]:
    names = ("train_accuracy", "generalization_gap")
    return (
        number(found["test_accuracy"]["mean"]),
        interval(found["test_accuracy"]),
        *(number(found[name]["mean"]) for name in names),
        decimal(found["test_loss"]["mean"]),
        rate(found["learning_rate"]),
    )
