"""``optimizer-study quiz``: asks, stores the guess, and only then shows what was measured."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.console import printing
from pipeline.project.errors import UserError
from pipeline.project.wording import closest, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.commands.quiz.scoring import Score
    from pipeline.reporting.study_results import Results

_ASKED = 5  # optimizers: all of them would take too long to think about
_LOOKS = 6  # at a training, as many as fit beside one another
_FILE = Path("quiz.csv")


def quiz(
    problem: Annotated[str | None, typer.Option(help="A problem of the study; the first one if not given.")] = None,
    guess: Annotated[
        str | None,
        typer.Option(metavar="muon,adam,sgd", help="Your order, the best first; if not given, you are asked."),
    ] = None,
    name: Annotated[str, typer.Option(help="Who guesses, for a class that shares one file.")] = "",
    file: Annotated[Path, typer.Option(help="Where the guesses are stored.")] = _FILE,
    scores: Annotated[bool, typer.Option("--scores", help="Ask nothing: show all guesses and their scores.")] = False,
) -> None:
    """Guess which optimizer does best, then see what was measured.

    Your guess is stored before anything is shown. It reads results/ alone, so it works in a fresh clone. Examples:

    optimizer-study quiz

    optimizer-study quiz --guess adam,muon,nesterov,sgd --name Sara

    optimizer-study quiz --scores
    """
    from pipeline.commands.quiz import guesses
    from pipeline.reporting.result_tables import load_results

    results = load_results().results
    if scores:
        _print_scores(results, file)
        return
    problem = _known_problem(results, problem)
    order = _order(results, problem, guess) if guess is not None else _ask(results, problem)
    guesses.add(file, guesses.Guess(name, problem, order))
    print(f"Your guess is stored in {file}. This is what was measured:\n")
    _reveal(results, problem, order)


def _known_problem(results: Results, problem: str | None) -> str:
    """Return the problem that is asked about, one on which there is something to rank."""
    candidates = [name for name in results.settings.study if len(_roster(results, name)) > 1]
    if problem is None:
        return candidates[0]
    if problem not in candidates:
        raise UserError(f"--problem: the study ranks nothing on {problem!r}{closest(problem, candidates)}.")
    return problem


def _roster(results: Results, problem: str) -> list[str]:
    """Return the optimizers of a problem, without those that are another one there."""
    twins = results.twins(problem)
    return [name for name in results.settings.roster(problem) if name not in twins]


def _ask(results: Results, problem: str) -> tuple[str, ...]:
    """Show some optimizers and ask for their order until the answer is one."""
    from pipeline.commands.quiz.scoring import spread_out

    roster = _roster(results, problem)
    ranked = [name for name in results.ranked(problem) if name in roster]
    chosen = set(spread_out(ranked, results.baseline, _ASKED))
    # in the order of params.yaml, which says nothing about who is best
    asked = [name for name in roster if name in chosen]
    judging, facts = results.judging(problem), results.settings.problems[problem]
    print(f"{_plain(results.title(problem))}: {_plain(results.description(problem))}")
    print(
        f"Each optimizer was tuned with the same budget and trained for {counted(facts.epochs, 'epoch')}. "
        f"Which one has the {judging.best} test {judging.noun}, which comes next?\n"
    )
    for place, optimizer in enumerate(asked, start=1):
        print(f"{place:>3}  {optimizer:<10} {_plain(results.label(optimizer))}")
    print()
    while True:
        answer = typer.prompt("Your order, the best first (such as 2 1 3 …)")
        try:
            return _order(results, problem, answer, asked)
        except UserError as error:
            print(error)


def _order(results: Results, problem: str, text: str, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """Read an order from names, or from the numbers of those asked for, all of which are then needed."""
    roster = _roster(results, problem)
    numbers = {str(place): optimizer for place, optimizer in enumerate(asked, start=1)}
    found = tuple(numbers.get(word, word.casefold()) for word in re.split(r"[\s,;>]+", text) if word)
    unknown = next((name for name in found if name not in roster), None)
    if unknown is not None:
        raise UserError(f"no optimizer {unknown!r} took part in {problem}{closest(unknown, roster)}.")
    if len(found) < 2 or len(set(found)) < len(found):
        raise UserError("name at least two different optimizers, the best first: muon,adam,sgd.")
    missing = [name for name in asked if name not in found]
    if missing:
        raise UserError(f"these are missing in your order: {', '.join(missing)}.")
    return found


def _reveal(results: Results, problem: str, order: Sequence[str]) -> None:
    judging = results.judging(problem)
    measured = sorted(order, key=results.ranked(problem).index)
    titles = ("", "measured", "your place", f"test {judging.noun}", "time of a step (SGD = 1)")
    rows = [
        (
            str(place),
            _plain(results.label(name)),
            str(order.index(name) + 1),
            judging.with_unit(results.measured(problem)[name].reached.mean),
            _time(results, problem, name),
        )
        for place, name in enumerate(measured, start=1)
    ]
    printing.table(titles, rows)
    print(_in_words(_score(results, problem, order)))
    _print_curves(results, problem, measured)
    _print_at_equal_time(results, problem, order)


def _time(results: Results, problem: str, name: str) -> str:
    times = results.cost.time_per_step.get(problem, {}) if results.cost else {}
    return f"{times[name].ratio.median:.2f}" if name in times else "–"


def _score(results: Results, problem: str, order: Sequence[str]) -> Score:
    from pipeline.commands.quiz.scoring import score

    judging, rules = results.judging(problem), results.comparison.settings
    own = rules.problem_margins.get(problem, {}).get(judging.noun)
    margin = rules.margins[judging.noun] if own is None else own
    sign = 1 if judging.higher_is_better else -1
    means = {name: results.measured(problem)[name].reached.mean for name in order}
    reached = {name: float("-inf") if mean is None else sign * mean for name, mean in means.items()}
    return score(order, reached, margin)


def _in_words(found: Score) -> str:
    if not found.counted:
        return "All of them are closer to each other than the study's margin, so no order is better than another."
    text = f"In the right order: {found.right} of {counted(found.counted, 'pair')}; a coin gets half of them."
    if found.close:
        text += f" Not counted, as closer than the study's margin: {counted(found.close, 'pair')}."
    return text


def _print_curves(results: Results, problem: str, measured: Sequence[str]) -> None:
    """Print what each optimizer had reached at some moments of its training."""
    judging = results.judging(problem)
    column = f"validation_{judging.noun}"
    curves = results.training_curves
    here = curves[(curves["problem"] == problem) & curves["optimizer"].isin(measured) & curves[column].notna()]
    looks = here.pivot_table(index="optimizer", columns="epoch", values=column).dropna(axis=1)
    if looks.shape[1] < 2:
        return
    # some of them, the first and the last included
    shown = min(_LOOKS, looks.shape[1])
    looks = looks.iloc[:, [round(place * (looks.shape[1] - 1) / (shown - 1)) for place in range(shown)]]
    print(f"\nHow they got there: {judging.axis('validation')} after so many epochs, mean of the seeds")
    rows = [(_plain(results.label(name)), *map(judging.number, looks.loc[name])) for name in measured]
    printing.table(("", *(f"{epoch:.2g}" for epoch in looks.columns)), rows)
    best = "idxmax" if judging.higher_is_better else "idxmin"
    early, late = (getattr(looks.iloc[:, place], best)() for place in (0, -1))
    if early != late:
        first, last = _plain(results.label(early)), _plain(results.label(late))
        print(f"{first} led after {looks.columns[0]:.2g} epochs, {last} at the end.")


def _print_at_equal_time(results: Results, problem: str, order: Sequence[str]) -> None:
    """Say who is ahead once the quickest has finished, for a step of one costs more than a step of another."""
    found = results.comparison.problems[problem].at_equal_seconds
    reached = {name: value for name, value in found.validation_accuracy.items() if name in order} if found else {}
    if found and reached:
        shown = ", ".join(f"{_plain(results.label(name))} {100 * value:.1f} %" for name, value in reached.items())
        print(f"\nAt equal time ({found.seconds:.1f} s of training on one core), validation accuracy: {shown}.")


def _print_scores(results: Results, file: Path) -> None:
    """Show all guesses of a file, the best first."""
    from pipeline.commands.quiz import guesses

    found = guesses.read(file)
    if not found:
        raise UserError(f"{file} holds no guesses yet: begin with `optimizer-study quiz`.")
    rows = []
    for line, guess in enumerate(found, start=2):
        try:
            problem = _known_problem(results, guess.problem)
            order = _order(results, problem, " ".join(guess.order))
        except UserError as error:
            raise UserError(f"{file}, line {line}: {error}") from None
        points = _score(results, problem, order)
        rows.append((guess, points))
    rows.sort(key=lambda row: row[1].right / max(row[1].counted, 1), reverse=True)
    shown = [(g.name or "–", g.problem, f"{s.right} of {s.counted}", " ".join(g.order)) for g, s in rows]
    printing.table(("name", "problem", "pairs right", "order"), shown)


def _plain(text: str) -> str:
    from pipeline.reporting.formats.markdown import plain

    return plain(text)
