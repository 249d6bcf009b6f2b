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
    learning_rate: float  # where to start: the best of the search
    search_from: float | None  # the rates around it that did as well, within the margin
    search_to: float | None
    open_low: bool  # whether the search ended while rates were still good: smaller ones may be, too
    open_high: bool
    trials: int  # how many rates the search tried
    seeds: int  # of the final trainings
    step_ratio: float | None  # time of a training step over plain SGD's; None where it was not measured
    state_bytes_per_parameter: float | None
    left_out: str | None


class Choice(Record):
    """What an optimizer gives after a number of trials, on validation examples: a fraction, or a loss.

    19 of 20 searches end between `low` and `high`; `corrected_p` is Holm's over all that are compared with the best.
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
    """One problem: the candidates by optimizer, and who is best at each number of trials from 1 on."""

    title: str
    measure: Literal["accuracy", "loss"]
    tuned_on: str | None  # another problem, near whose best rate alone this one's search looked
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
            ``expected``, ``low``, ``high``, ``corrected_p``, ``learning_rate``, ``search_from``, ``search_to``,
            ``step_ratio``, ``state_bytes_per_parameter`` and ``reason``. A budget without evidence is one row with
            nothing but its reason.
        """
        import pandas as pd

        rows = [
            {"problem": name, "trials": budget.trials, "measure": problem.measure, "reason": budget.reason, **row}
            for name, problem in self.problems.items()
            for budget in problem.budgets
            for row in [
                {**choice.model_dump(), **problem.candidates[choice.optimizer].model_dump(include=set(_SHOWN))}
                for choice in budget.choices
            ]
            or [{}]
        ]
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        return str(self.to_frame().dropna(axis="columns", how="all").to_html(index=False, float_format="{:.4g}".format))


def _at(problem: ProblemRecommendation, trials: int | None) -> tuple[Budget, ...]:
    longest = len(problem.budgets)
    wanted = {*_USUAL, longest} if trials is None else {trials}
    found = tuple(budget for budget in problem.budgets if budget.trials in wanted)
    if found:
        return found
    reason = f"the searches made {longest} trials at most" if longest else _nobody(problem)
    return (Budget(trials=trials or 1, whole_search=False, choices=(), reason=reason),)


def _nobody(problem: ProblemRecommendation) -> str:
    reasons = [f"{candidate.label}: {candidate.left_out}" for candidate in problem.candidates.values()]
    return "; ".join(reasons) or "no optimizer took part"


_USUAL = (1, 3)
_SHOWN = ("learning_rate", "search_from", "search_to", "step_ratio", "state_bytes_per_parameter")
_COLUMNS = (
    *("problem", "trials", "optimizer", "standing", "measure", "expected", "low", "high", "corrected_p"),
    *_SHOWN,
    "reason",
)
