"""Every optimizer against the baseline on each problem: by its result, then by other measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import listed
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, Table, literal
from pipeline.reporting.numbers_in_words import NONE, effect, effect_interval, p_value

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results
    from pipeline.results.comparison import Difference, ProblemComparison

# measures beside the problem's own; of a target, the hardest one that any optimizer was compared at
_OTHERS = {
    "test_loss": "test loss",
    "train_loss": "final training loss",
    "generalization_gap": "generalization gap",
    "images_to_train_loss": "images to a training loss",
    "seconds_to_train_loss": "seconds to a training loss",
}


def build(results: Results) -> list[Item]:
    """Return the section."""
    baseline = results.label(results.baseline)
    items: list[Item] = [
        Heading(f"Every optimizer against {baseline}", "comparison"),
        Folded("How optimizers are compared", (Paragraph(_method(results, baseline)),)),
    ]
    for problem, found in _compared(results).items():
        tables = (_table(results, problem, found), *_others(results, problem, found))
        title = results.title(problem)
        if problem == results.main_problem:
            items.append(tables[0])
            items += [Folded(f"{title}: other measures", tables[1:])] if tables[1:] else []
        else:
            items.append(Folded(title, tables))
    return items


def _compared(results: Results) -> dict[str, ProblemComparison]:
    """Return the comparisons of the study's problems, without those where the baseline is alone."""
    found = results.comparison.problems
    return {name: found[name] for name in results.settings.study if name in found and found[name].differences}


def hardest(results: Results, problem: str, kind: str) -> str | None:
    """Return the measure of a kind, such as ``seconds_to_train_loss``, whose target is the hardest one compared."""
    found = results.comparison.problems[problem].against_baseline
    compared = [
        name
        for name, own in found.items()
        if name.rpartition("_")[0] == kind and any(one.difference is not None for one in own.values())
    ]
    return max(compared, key=_place, default=None)


def target(results: Results, problem: str, name: str) -> float | None:
    """Return the target of a measure that counts until one."""
    kind = "validation_accuracy" if "validation_accuracy" in name else "train_loss"
    targets: tuple[float, ...] = getattr(results.settings.problems[problem].targets, kind)
    return targets[_place(name)] if _place(name) < len(targets) else None


def _place(name: str) -> int:
    return int(name.rpartition("_")[2]) - 1


def _method(results: Results, baseline: str) -> str:
    settings = results.comparison.settings
    return (
        f"Optimizer minus {baseline} on the test examples, paired by seed. The interval "
        f"({100 * (1 - settings.alpha):g} %) holds the differences that the sign-flip test does not reject; it is the "
        "same wherever this report shows this difference. p asks whether the difference goes beyond the margin "
        f"({_margins(results)}), corrected for all optimizers of the problem (max-T). “No meaningful difference”: the "
        "whole interval lies within the margin. “Inconclusive”: neither is shown. A diverged seed counts as the worst "
        "value."
    )


def _margins(results: Results) -> str:
    """Return the margins of what the problems are judged by, each with its problems where they differ."""
    where: dict[str, list[str]] = {}
    for problem, found in _compared(results).items():
        margin = next((one.margin for one in found.differences.values() if one.margin is not None), None)
        if margin is not None:
            unit = results.judging(problem)
            text = f"{margin:g} points" if unit.higher_is_better else f"{margin:g} {unit.unit}"
            where.setdefault(text, []).append(results.title(problem))
    if len(where) == 1:
        return f"±{next(iter(where))}"
    return "; ".join(f"±{margin} on {listed(titles)}" for margin, titles in where.items())


def _ordered(found: ProblemComparison, records: dict[str, Difference]) -> list[str]:
    """Return the compared optimizers in the order of the ranking, those that are not ranked last."""
    places = list(found.ranking.placed)
    return sorted(records, key=lambda name: places.index(name) if name in places else len(places))


def _table(results: Results, problem: str, found: ProblemComparison) -> Table:
    differences, baseline = found.differences, results.label(results.baseline)
    rows = tuple(
        (
            results.label(name),
            effect(differences[name].difference, differences[name].unit),
            effect_interval(differences[name].low, differences[name].high, differences[name].unit),
            p_value(differences[name].corrected_p),
            _conclusion(differences[name]),
        )
        for name in _ordered(found, differences)
    )
    header = ("optimizer", f"minus {baseline}", "95 % interval", "p", "conclusion")
    noun = results.judging(problem).noun
    return Table(header, rows, "lrrrl", f"{results.title(problem)}: test {noun} against {baseline}.")


def _conclusion(record: Difference) -> str:
    return record.outcome if record.reason is None else f"{record.outcome}: {literal(record.reason)}"


def _others(results: Results, problem: str, found: ProblemComparison) -> tuple[Table, ...]:
    """Return a table of the other measures, a column each; nothing where none was compared."""
    own = f"test_{results.judging(problem).noun}"
    shown: dict[str, dict[str, Difference]] = {}
    for kind, title in _OTHERS.items():
        name = hardest(results, problem, kind) if kind.endswith("_to_train_loss") else kind
        if name is None or name == own or name not in found.against_baseline:
            continue
        goal = target(results, problem, name) if name != kind else None
        shown[title if goal is None else f"{title} of {goal:g}"] = found.against_baseline[name]
    if not shown:
        return ()
    names = _ordered(found, {name: one for records in shown.values() for name, one in records.items()})
    rows = tuple((results.label(name), *(_cell(records.get(name)) for records in shown.values())) for name in names)
    baseline = results.label(results.baseline)
    caption = (
        f"{results.title(problem)}: other measures, optimizer minus {baseline}, or as a multiple of {baseline}'s. Each "
        "cell has the difference, its 95 % interval, and the conclusion."
    )
    return (Table(("optimizer", *shown), rows, "l" + "r" * len(shown), caption),)


def _cell(record: Difference | None) -> str:
    if record is None or record.difference is None:
        return NONE
    interval = effect_interval(record.low, record.high, record.unit)
    between = "" if interval == NONE else f" ({interval})"
    return f"{effect(record.difference, record.unit)}{between}, {record.outcome}"
