"""How the settings were searched, and how much the choice mattered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted, listed
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, Picture, Table, literal
from pipeline.reporting.numbers_in_words import NONE, SPACE, number, or_dash, rate
from pipeline.reporting.optimizer_table import optimizer_table
from pipeline.reporting.plots import budget, tuned
from pipeline.reporting.plots import search as plot
from pipeline.reporting.study_results import of_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.reporting.study_results import Results
    from pipeline.results.metrics import Search, SettingRecord


def build(results: Results) -> list[Item]:
    """Return the section."""
    problem = results.main_problem
    return [
        Heading("The search", "search"),
        Folded("How settings were searched", tuple(Paragraph(text) for text in _method(results))),
        *of(results, problem),
    ]


def of(results: Results, problem: str) -> list[Item]:
    """Return the search on a problem; only a sentence where it has none of its own."""
    settings = results.settings.problems[problem]
    if settings.untuned:
        return [Paragraph("No search here: every optimizer trains at its default learning rate.")]
    if settings.tuned_on:
        origin = results.title(settings.tuned_on)
        return [
            Paragraph(f"No search here: the settings that survived on {origin} are trained."),
            _chosen(results, problem),
        ]
    return [
        Paragraph(_borders(results, problem)),
        *_after_fewer_trials(results, problem),
        Folded(f"{results.title(problem)}: every setting that was tried", _tried(results, problem)),
    ]


def _tried(results: Results, problem: str) -> tuple[Item, ...]:
    own = (picture(results, problem), table(results, problem), _chosen(results, problem))
    return own if not results.comparison.problems[problem].searches else (*own[:1], _tuned(results, problem), *own[1:])


def _method(results: Results) -> tuple[str, ...]:
    tuning = results.settings.tuning
    judged = listed(dict.fromkeys(results.judging(name).noun for name in results.settings.study), "or")
    return (
        f"Every optimizer got the same budget on every problem: {counted(tuning.points, 'setting')}, the points of a "
        "Latin hypercube. Such points are random, but spread evenly over the range of each value. They are the same "
        "for all optimizers; only the ranges differ ([below](#setup)). Every setting was trained once, with seed "
        f"{tuning.seed}, which is used for nothing else. Settings were judged by validation {judged}, never on test "
        "examples. One that was no better than chance after a quarter of its steps was stopped there.",
        f"The best {tuning.survivors} settings survived. They were trained again with every fresh seed, and each seed "
        "picked one of them by its own validation result. So a result includes the luck of tuning. An optimizer's own "
        "default setting, where it has one, was tried beside the others. It is shown, but was never chosen.",
    )


def _borders(results: Results, problem: str) -> str:
    searches = {name: results.measured(problem)[name].search for name in results.settings.roster(problem)}
    beyond = results.settings.tuning.points_beyond
    widened = [f"{results.label(name)} (to {_side(found)} rates)" for name, found in searches.items() if found.widened]
    edge = [results.label(name) for name, found in searches.items() if found.on_edge]
    texts = [
        f"Where the best learning rate was the lowest or highest tried, {counted(beyond, 'more setting')} went one "
        f"decade further, once: {listed(widened) if widened else 'for no optimizer'}."
    ]
    if edge:
        texts.append(f"**Still at the border: {listed(edge)}.** A better rate may lie beyond, so compare with care.")
    return " ".join(texts)


def _side(found: Search) -> str:
    return "higher" if found.widened == "high" else "lower"


def picture(results: Results, problem: str) -> Picture:
    """Return the panels with every trial on a problem."""
    title, noun = results.title(problem), results.judging(problem).noun
    rows = {name: results.measured(problem)[name].search for name in results.settings.roster(problem)}
    best = results.each(rows, lambda found: rate(found.survivors[0].learning_rate))
    return Picture(
        f"search_{problem}",
        plot.draw(plot.data(results, problem)),
        f"Validation {noun} over the learning rate on {title}, one panel per optimizer. Best rates: {best}.",
        f"Validation {noun} of every setting tried on {title}. Settings of one rate differ in their other values. The "
        f"more of them lie near the {_end(results, problem)}, the less a badly chosen setting costs.",
        f"Every setting tried on {title}",
        narrow=None,
    )


def _end(results: Results, problem: str) -> str:
    return "top" if results.judging(problem).higher_is_better else "bottom"


def _after_fewer_trials(results: Results, problem: str) -> list[Item]:
    searches, judging = results.comparison.problems[problem].searches, results.judging(problem)
    if not searches:
        return []
    title = results.title(problem)
    after_one = results.each(searches, lambda found: judging.with_unit(found.expected_best[0]))
    return [
        Picture(
            f"budget_{problem}",
            budget.draw(budget.data(results, problem)),
            f"Expected best validation {judging.noun} over the number of settings tried on {title}. After one: "
            f"{after_one}.",
            f"How well a shorter search would do on {title}: the expected best of so many settings, drawn at random "
            "from those that were tried (Dodge and others, 2019). One seed each.",
            f"What a shorter search finds on {title}",
        )
    ]


def _tuned(results: Results, problem: str) -> Picture:
    searches, judging = results.comparison.problems[problem].searches, results.judging(problem)
    title, margin = results.title(problem), judging.margin(results.comparison.settings.margins, "search")
    defaults = results.each(
        searches, lambda found: "has none" if found.default is None else judging.with_unit(found.default)
    )
    return Picture(
        f"tuned_{problem}",
        tuned.draw(tuned.data(results, problem)),
        f"Validation {judging.noun} at the default setting and at the best one of the search on {title}, and the "
        f"share of good settings. At the default setting: {defaults}.",
        f"Default against tuned on {title}, and how many of the first {results.settings.tuning.points} settings "
        f"came within {judging.difference(margin)} of the optimizer's best.",
        f"Default against tuned on {title}",
    )


def table(results: Results, problem: str) -> Table:
    """Return what was tried and found on a problem."""
    judging, trials = results.judging(problem), of_problem(results.searches, problem)
    found = results.comparison.problems[problem].searches
    measured = {name: results.measured(problem)[name] for name in results.settings.roster(problem)}

    def count(column: str, name: str) -> str:
        values = trials.loc[trials["optimizer"] == name, column]
        return str(int((values.astype(bool) if column == "hopeless" else values.notna()).sum()))

    def summary(name: str, part: str) -> float | None:
        return getattr(found[name], part) if name in found else None

    columns: list[tuple[str, Callable[[str], str]]] = [
        ("settings", lambda name: str(measured[name].search.trials)),
        (f"best {judging.axis('validation')}", lambda name: judging.number(judging.tuned(measured[name]))),
        ("at the default", lambda name: or_dash(summary(name, "default"), judging.number)),
        ("a decade off", lambda name: or_dash(summary(name, "decade_off"), judging.number)),
        ("good settings (%)", lambda name: or_dash(summary(name, "good_settings"), number)),
        ("stopped early", lambda name: count("hopeless", name)),
        ("diverged", lambda name: count("diverged_at", name)),
    ]
    caption = (
        f"The search on {results.title(problem)}, one seed. A decade off: the mean of the settings whose learning rate "
        "is 3 to 30 times higher or lower than the best one's."
    )
    return optimizer_table(results, {name: name for name in measured}, columns, caption)


def _chosen(results: Results, problem: str) -> Table:
    """Return every survivor and how many seeds picked it."""
    rows = []
    for name in results.settings.roster(problem):
        search = results.measured(problem)[name].search
        for place, setting in enumerate(search.survivors):
            picked = f"{search.picked.count(place)} of {len(search.picked)}"
            rows.append((results.label(name), str(place + 1), rate(setting.learning_rate), others(setting), picked))
    header = ("optimizer", "place in the search", "learning rate", "other values", "picked by seeds")
    return Table(header, tuple(rows), "lrrlr", f"Survivors on {results.title(problem)}.")


def others(setting: SettingRecord) -> str:
    """Return a setting's searched values but the learning rate, ``momentum 0.904, eps 1.2e-05``, or a dash."""
    values = [f"{literal(name)}{SPACE}{value:.3g}" for name, value in setting.arguments.items()]
    return ", ".join(values) or NONE
