"""An optimizer compared with one of the study: the same search, the same seeds, the same statistics."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.commands.compare.entrants import Entrant, entrant
from pipeline.commands.compare.shown import FINAL, SEARCH, duration, watching
from pipeline.commands.run.budget import SMALL
from pipeline.project import paths, shipped
from pipeline.project.errors import SettingsError
from pipeline.project.wording import closest, counted
from pipeline.settings import loading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.commands.compare.compared import OptimizerComparison
    from pipeline.commands.compare.shown import Watch
    from pipeline.commands.compare.trying_out import StepTimes
    from pipeline.commands.compare.work import Counts, Work
    from pipeline.commands.run.budget import Budget
    from pipeline.settings.study import Settings
    from pipeline.tuning import Found


# None stands for all of the study
BUDGETS = {"small": SMALL, "study": None}


def compare_optimizer(
    optimizer: str | type,
    problem: str | None = None,
    *,
    against: str | None = None,
    budget: str = "small",
    arguments: Mapping[str, Any] | Sequence[str] = (),
    learning_rates: tuple[float, float] | None = None,
    show: bool = True,
) -> OptimizerComparison:
    """Tune and train an optimizer as the study does, and compare it with a baseline, paired by seed.

    Finished trainings are kept in ``.memo/`` under the keys of the study's own, so that none is repeated, here or by
    ``dvc repro``. Missing data is fetched and prepared. Nothing is written to ``results/``, ``reports/`` or ``runs/``.
    Outside a project, data and trainings are kept where `pipeline.project.shipped.workspace` says.
    In a script, call it below ``if __name__ == "__main__":``, because it starts processes.

    Parameters
    ----------
    optimizer
        A class; or the name of one of ``torch.optim``, ``package.module:Class``, ``path/to/file.py:Class``, or the name
        of a row of ``params.yaml``.
    problem
        A row of ``problems`` in ``params.yaml``; the first one if None.
    against
        The baseline, given like `optimizer`; ``comparison.baseline`` of ``params.yaml`` if None.
    budget
        ``small``: a search of six points, of which two survive, and the first six of the study's seeds. ``study``: the
        whole search and all seeds.
    arguments
        Arguments of the class by name, or texts such as ``"betas=0.9,0.99"``.
    learning_rates
        The lowest and the highest learning rate of the search; if None those of the row of ``params.yaml``, or three
        decades around the class's default.
    show
        Whether to show on standard error how far it is.

    Raises
    ------
    UserError
        If a name, an argument or the class is wrong, the data cannot be had, or the optimizer does not step, or not
        twice in the same way.
    """
    from pipeline.commands.compare.notebook import text_of
    from pipeline.running import pool

    optimizer = _from_anywhere(optimizer) if isinstance(optimizer, str) else optimizer
    against = None if against is None else _from_anywhere(against)
    with shipped.workspace():
        settings = loading.load()
        problem = settings.main_problem if problem is None else problem
        _check(settings, problem, budget)
        pool.start_server()
        text = optimizer if isinstance(optimizer, str) else text_of(optimizer)
        entrants = _entrants(settings, text, against, arguments, learning_rates)
        study = _restricted(settings, problem, entrants, BUDGETS[budget])
        with watching(problem, show=show) as watch, _without_place(entrants[0].name):
            return _compare(study, problem, budget, entrants, watch)


@contextmanager
def _without_place(name: str) -> Iterator[None]:
    """Name no place in ``params.yaml`` where something is wrong with an optimizer that is no row of it yet."""
    try:
        yield
    except SettingsError as error:
        raise SettingsError(str(error).removeprefix(f"params.yaml: optimizers.{name}: ")) from None


def _from_anywhere(text: str) -> str:
    """Return what a person typed, with the whole path of a file if the work is done in another folder than this."""
    file, separator, name = (text, "", "") if text.endswith(".py") else text.rpartition(":")
    if shipped.project() == Path() or not file.endswith(".py"):
        return text
    return f"{paths.expanded(file).resolve()}{separator}{name}"


def _check(settings: Settings, problem: str, budget: str) -> None:
    if problem not in settings.problems:
        raise SettingsError(f"--problem {problem}: there is no such problem{closest(problem, settings.problems)}.")
    if settings.problems[problem].untuned:
        raise SettingsError(f"--problem {problem}: nothing is tuned there, so that no comparison would be fair.")
    if budget not in BUDGETS:
        raise SettingsError(f"--budget {budget}: there is no such budget{closest(budget, BUDGETS)}.")


def _entrants(
    settings: Settings,
    text: str,
    against: str | None,
    arguments: Mapping[str, Any] | Sequence[str],
    learning_rates: tuple[float, float] | None,
) -> tuple[Entrant, Entrant]:
    from pipeline.comparison import settings as comparison_settings

    newcomer = entrant(text, settings, arguments, learning_rates)
    other = comparison_settings.load().baseline if against is None else against
    known = settings.model_copy(update={"optimizers": {**settings.optimizers, newcomer.name: newcomer.row}})
    baseline = entrant(other, known)
    if baseline.name == newcomer.name:
        others = [name for name in settings.optimizers if name != baseline.name]
        raise SettingsError(
            f"{text} is {baseline.name} itself, with which it would be compared: choose another baseline "
            f"by --against, such as {others[0]}."
            if others
            else f"{text} is the only row of params.yaml: there is nothing to compare it with."
        )
    return newcomer, baseline


def _restricted(settings: Settings, problem: str, entrants: Sequence[Entrant], budget: Budget | None) -> Settings:
    """Return the settings of a study of these optimizers on this problem, and on the one that its search needs."""
    source, tuning = settings.problems[problem].tuned_on, settings.tuning
    seeds = len(settings.seeds(problem))
    if budget is not None:
        most = {name: min(getattr(tuning, name), getattr(budget, name)) for name in _SEARCHED}
        tuning, seeds = tuning.model_copy(update=most), min(seeds, budget.seeds)
    changes = {"optimizers": None, "demo": False, "seeds": seeds}
    return settings.model_copy(
        update={
            "problems": {
                name: settings.problems[name].model_copy(update=changes) for name in (source, problem) if name
            },
            "tuning": tuning,
            "optimizers": {one.name: one.row for one in entrants},
        }
    )


_SEARCHED = ("points", "points_beyond", "survivors")


def _compare(
    study: Settings, problem: str, budget: str, entrants: tuple[Entrant, Entrant], watch: Watch
) -> OptimizerComparison:
    from pipeline.commands.compare import concluding, needs, trying_out, work
    from pipeline.running import settings as execution_settings

    start = time.perf_counter()
    for one in entrants:
        if one.note:
            watch.say(one.note)
    checks = trying_out.check(study, entrants[0], watch.say)
    descriptions = {name: needs.prepared(name, study, watch.say) for name in study.problems}
    jobs = work.Work(study, problem, descriptions, execution_settings.load())
    times = trying_out.time_steps(jobs)
    counts = {one.name: work.counts(jobs, one.name) for one in entrants}
    _announce(jobs, counts, times, watch)

    found = {one.name: _searched(jobs, one, counts[one.name].trials, watch) for one in entrants}
    trials = {name: outcomes[jobs.searched] for name, (outcomes, _) in found.items()}
    choices = {name: own[jobs.searched] for name, (_, own) in found.items()}
    finals = {name: jobs.finals(name, choice) for name, choice in choices.items()}
    phases = {one.name: watch.begin(one.row.label, FINAL, len(finals[one.name])) for one in entrants}
    trained = work.train(
        jobs, finals, lambda outcome, fresh: watch.finished(phases[outcome.training.optimizer], outcome, fresh)
    )
    figures = concluding.Figures(trials, choices, work.measured(jobs, trained), times, checks)
    seconds = time.perf_counter() - start
    return concluding.conclude(jobs, entrants, budget, figures, watch.known, seconds)


def _searched(jobs: Work, one: Entrant, expected: int, watch: Watch) -> Found:
    from pipeline.commands.compare import work

    phase = watch.begin(one.row.label, SEARCH, expected)

    def grown(total: int) -> None:
        if total > phase.total:
            watch.expected += total - phase.total
            phase.total = total

    return work.search(jobs, one.name, lambda outcome, fresh: watch.finished(phase, outcome, fresh), grown)


def _announce(jobs: Work, counts: Mapping[str, Counts], times: StepTimes, watch: Watch) -> None:
    """Say how many trainings there are, how many of them are known, and about how long the others will take."""
    workers = jobs.execution.worker_count()
    missing = {name: count.total - count.known for name, count in counts.items()}
    seconds = sum(missing[name] * jobs.steps * times.microseconds(name) / 1e6 for name in counts) / workers
    labels = " and ".join(row.label for row in jobs.settings.optimizers.values())
    total = sum(count.total for count in counts.values())
    known = total - sum(missing.values())
    left = f"The others take about {duration(seconds)} here." if sum(missing.values()) else "Nothing is trained."
    watch.say(
        f"{labels} on {jobs.title}: {counted(total, 'training')} (for each a search of "
        f"{counted(jobs.settings.tuning.points, 'point')}, and the best {jobs.settings.tuning.survivors} of them with "
        f"{counted(len(jobs.seeds), 'seed')}), {known} of them known already. {left}"
    )
    watch.expected, watch.workers, watch.measure = sum(missing.values()), workers, jobs.measure
