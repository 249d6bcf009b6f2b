"""How training went: curves, how soon the targets were reached, and who leads at equal seconds."""

from __future__ import annotations

from functools import partial
from math import isnan
from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.numbers_in_words import NONE, decimal, number, or_dash, percent
from pipeline.reporting.optimizer_table import optimizer_table
from pipeline.reporting.plots import speed as speed_plot
from pipeline.reporting.plots import training_curves as plot
from pipeline.reporting.plots import updates

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.reporting.study_results import Results
    from pipeline.results.comparison import AtEqualSeconds
    from pipeline.results.metrics import Reached


def build(results: Results) -> list[Item]:
    """Return the section."""
    problem = results.main_problem
    measured, standing = speed(results, problem), standings(results, problem)
    return [
        Heading("How training went", "training"),
        picture(results, problem),
        *([Paragraph(_speed_method(results, problem)), *measured] if measured else []),
        *([Paragraph(_seconds_method(results, problem)), *standing] if standing else []),
        Folded("How large the steps are", (_updates(results, problem),)),
    ]


def picture(results: Results, problem: str) -> Picture:
    """Return the training curves of a problem."""
    title, judging = results.title(problem), results.judging(problem)
    unit = results.problems.problems[problem].loss_unit
    ends = results.each(
        results.best_first(problem),
        lambda found: f"{decimal(found.train_loss.mean)} {unit} and {judging.with_unit(judging.validation(found))}",
    )
    return Picture(
        f"training_curves_{problem}",
        plot.draw(plot.data(results, problem)),
        f"Training loss and validation {judging.noun} over epochs on {title}. At the end: {ends}.",
        f"Training loss and validation {judging.noun} on {title}, means over "
        f"{counted(results.seeds(problem), 'seed')}. The training loss is that of the batches as they were trained on, "
        "averaged since the last point: it lies above the loss after the last step, which tables give, and drops where "
        "an epoch begins and known examples come again. A curve ends where a seed diverged.",
        f"Training on {title}, means over seeds",
    )


def _updates(results: Results, problem: str) -> Picture:
    title = results.title(problem)
    kept = results.each(results.best_first(problem), lambda found: decimal(found.step_persistence.mean, 2))
    return Picture(
        f"updates_{problem}",
        updates.draw(updates.data(results, problem)),
        f"Size of the effective step over epochs on {title}. Last quarter over first quarter of the training: {kept}.",
        f"Size of the effective step on {title}: the root mean square, over all parameters, of what one step changed; "
        f"means over seeds. {_schedule(results, problem)}",
        f"Size of the effective step on {title}",
    )


def _schedule(results: Results, problem: str) -> str:
    if results.settings.problems[problem].schedule == "constant":
        return "The learning rate is constant here, so a smaller step is the optimizer's own doing."
    return "The learning rate falls to 0 here, so every step shrinks."


def _speed_method(results: Results, problem: str) -> str:
    noun = f"{results.examples(problem)}s"
    return (
        f"**Speed.** How soon was a target reached, in {noun} and in seconds? The targets were fixed beforehand. "
        "Between two looks the curve is interpolated. The training loss counts as an average over an epoch's length of "
        "batches, because that of single batches jumps where an epoch begins. Of each seed, the fastest of its "
        f"surviving settings counts. Seconds are those of the steps alone ({noun} times the [time of a step](#cost)): "
        "loading and validation cost the same for all."
    )


def speed(results: Results, problem: str) -> list[Item]:
    """Return how soon every optimizer reached the problem's targets; nothing where it has none."""
    frame = speed_plot.data(results, problem)
    if frame.empty:
        return []
    title, noun = results.title(problem), f"{results.examples(problem)}s"
    return [
        Picture(
            f"speed_{problem}",
            speed_plot.draw(frame),
            f"{noun.capitalize()} and seconds until each target on {title}, medians over seeds; a table follows.",
            f"How soon the targets were reached on {title}: medians over seeds, further left is faster. A target that "
            "half of the seeds missed has no dot.",
            f"How soon the targets were reached on {title}",
            narrow=None,
        ),
        Folded(f"{title}: the numbers of the speed", tuple(_speed_tables(results, problem))),
    ]


def _speed_tables(results: Results, problem: str) -> list[Item]:
    rows, noun = results.best_first(problem), f"{results.examples(problem)}s"
    unit, first = results.problems.problems[problem].loss_unit, next(iter(rows.values())).speed
    tables: list[Item] = []
    for kind, what in speed_plot.KINDS.items():
        targets = [reached.target for reached in getattr(first, kind)]
        if not targets:
            continue
        say = decimal if kind == "train_loss" else percent
        columns: list[tuple[str, Callable[[str], str]]] = [
            (f"{measure} to {say(target)}", partial(_until, results, problem, kind, place, measure))
            for measure in (noun, "seconds")
            for place, target in enumerate(targets)
        ]
        if kind == "train_loss":
            columns.append((f"mean over the training ({unit})", lambda name: decimal(rows[name].speed.area.mean)))
        caption = (
            f"{noun.capitalize()} and seconds until a {what}; in brackets how many seeds never reached it."
            + " The mean over the training is the area under the curve of the averaged training loss, divided by its "
            "length." * (kind == "train_loss")
        )
        tables.append(optimizer_table(results, {name: name for name in rows}, columns, caption))
    return tables


def _until(results: Results, problem: str, kind: str, place: int, measure: str, name: str) -> str:
    reached: Reached = getattr(results.measured(problem)[name].speed, kind)[place]
    factor, digits = (1.0, 0) if measure != "seconds" else (results.seconds_per_example(problem, name), 2)
    if factor is None:
        return NONE
    middle, missed = speed_plot.middle_of(reached), reached.images.count(None)
    if isnan(middle):
        return f"not reached by {missed} of {len(reached.images)}"
    return f"{middle * factor:,.{digits}f}" + (f" ({missed} never)" if missed else "")


def _seconds_method(results: Results, problem: str) -> str:
    late = (
        ", where its learning rate is still high" if results.settings.problems[problem].schedule != "constant" else ""
    )
    return (
        "**At equal seconds.** Where did the others stand when the cheapest optimizer had finished? This is read from "
        "the mean curves as they were run. It describes, and tests nothing: a dearer optimizer is then in the middle "
        f"of its training{late}. A training planned for this time would do better "
        "(`docs/why/robustness.md` shows how much better Muon does)."
    )


def standings(results: Results, problem: str) -> list[Item]:
    """Return who leads once the cheapest optimizer has finished; nothing where no step was timed."""
    found = results.comparison.problems[problem].at_equal_seconds
    return [] if found is None or len(found.share) < 2 else [_standings(results, problem, found)]


def _standings(results: Results, problem: str, found: AtEqualSeconds) -> Table:
    unit = results.problems.problems[problem].loss_unit
    columns: list[tuple[str, Callable[[str], str]]] = [
        ("part of its training (%)", lambda name: number(found.share[name])),
        (f"training loss ({unit})", lambda name: or_dash(found.train_loss.get(name), decimal)),
    ]
    if found.validation_accuracy:
        columns.append(("validation accuracy (%)", lambda name: or_dash(found.validation_accuracy.get(name), number)))
    caption = f"After {found.seconds:,.1f} seconds of steps on {results.title(problem)}, the best first."
    return optimizer_table(results, {name: name for name in found.share}, columns, caption, numbered=True)
