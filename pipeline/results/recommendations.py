"""``results/recommendations.json``: which optimizer to use on each problem, for each number of trials."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from pipeline.results.document import Document, Record

if TYPE_CHECKING:
    import pandas as pd

Standing: TypeAlias = Literal["best", "better", "no meaningful difference", "inconclusive", "worse"]
"""Of an optimizer beside the best one; ``better``: behind on validation examples, ahead on test examples."""


class Candidate(Record):
    """An optimizer on a problem: how to use it, and what it costs.

    `left_out` is why it cannot be recommended, None where it can; it is then in no budget.
    """

    label: str  # for people
    learning_rate: float  # of the setting to start from: the one that most seeds picked
    arguments: dict[str, float]  # its other searched arguments
    picked: int  # by so many of the `seeds`
    seeds: int
    search: dict[str, tuple[float, float]]  # by argument, between which values it was searched; the rate comes first
    on_border: bool  # the best rate is the lowest or highest tried: a better one may lie beyond
    trials: int  # how many settings the search tried
    step_ratio: float | None  # time of a training step over plain SGD's; None where it was not measured
    state_bytes_per_parameter: float | None
    left_out: str | None


class Choice(Record):
    """What an optimizer gives after a number of trials, on validation examples: a fraction, or a loss.

    19 of 20 searches end between `low` and `high`; `corrected_p` is corrected for all that are compared with the best.
    """

    optimizer: str
    standing: Standing
    expected: float
    low: float | None
    high: float | None
    corrected_p: float | None


class Budget(Record):
    """All candidates after `trials` trials, the best first; none, and the `reason`, where there is no evidence."""

    trials: int
    whole_search: bool  # whether every search has ended by then
    choices: tuple[Choice, ...]
    reason: str | None = None


class ProblemRecommendation(Record):
    """One problem: the candidates by optimizer, and who is best at each number of trials from 1 on.

    A problem that repeats the search of another one (`tuned_on`) has the whole search alone.
    """

    title: str
    measure: Literal["accuracy", "loss"]
    tuned_on: str | None
    candidates: dict[str, Candidate]
    budgets: tuple[Budget, ...]


class Recommendations(Document):
    """What to use, by problem."""

    PATH = Path("results/recommendations.json")

    problems: dict[str, ProblemRecommendation]

    def at(self, trials: int | None = None) -> Recommendations:
        """Return the recommendations for one number of trials only; for 1, 3 and the whole search if None."""
        shown = {
            name: problem.model_copy(update={"budgets": _at(problem, trials)})
            for name, problem in self.problems.items()
        }
        return Recommendations(problems=shown)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per problem, number of trials and optimizer, the best first.

        Returns
        -------
        pandas.DataFrame
            Columns ``problem``, ``trials``, ``optimizer``, ``standing``, ``measure`` (accuracy, a fraction, or loss),
            ``expected``, ``low``, ``high``, ``corrected_p``, ``learning_rate``, ``arguments`` (the other searched ones,
            as text), ``search_from`` and ``search_to`` (learning rates), ``step_ratio``,
            ``state_bytes_per_parameter`` and ``reason``. A budget without evidence is one row with nothing but its
            reason.
        """
        import pandas as pd

        rows = [
            {"problem": name, "trials": budget.trials, "measure": problem.measure, "reason": budget.reason, **row}
            for name, problem in self.problems.items()
            for budget in problem.budgets
            for row in [
                {**choice.model_dump(), **_used(problem.candidates[choice.optimizer])} for choice in budget.choices
            ]
            or [{}]
        ]
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        return str(self.to_frame().dropna(axis="columns", how="all").to_html(index=False, float_format="{:.4g}".format))


def _used(candidate: Candidate) -> dict[str, float | str | None]:
    """Return the columns on how to use an optimizer."""
    low, high = candidate.search["learning_rate"]
    return {
        "learning_rate": candidate.learning_rate,
        "arguments": " ".join(f"{name}={value:g}" for name, value in candidate.arguments.items()),
        "search_from": low,
        "search_to": high,
        "step_ratio": candidate.step_ratio,
        "state_bytes_per_parameter": candidate.state_bytes_per_parameter,
    }


def _at(problem: ProblemRecommendation, trials: int | None) -> tuple[Budget, ...]:
    longest = problem.budgets[-1].trials if problem.budgets else 0
    wanted = {*_USUAL, longest} if trials is None else {trials}
    found = tuple(budget for budget in problem.budgets if budget.trials in wanted)
    if found:
        return found
    return (Budget(trials=trials or 1, whole_search=False, choices=(), reason=_nothing(problem, longest)),)


def _nothing(problem: ProblemRecommendation, longest: int) -> str:
    """Say why there is no evidence."""
    if not longest:
        reasons = [f"{candidate.label}: {candidate.left_out}" for candidate in problem.candidates.values()]
        return "; ".join(reasons) or "no optimizer took part"
    if problem.tuned_on:
        return f"the settings are those of the whole search on {problem.tuned_on}: {longest} trials"
    return f"the searches made {longest} trials at most"


_USUAL = (1, 3)
_COLUMNS = (
    *("problem", "trials", "optimizer", "standing", "measure", "expected", "low", "high", "corrected_p"),
    *("learning_rate", "arguments", "search_from", "search_to", "step_ratio", "state_bytes_per_parameter", "reason"),
)
