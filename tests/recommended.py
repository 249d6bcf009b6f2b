"""Made-up recommendations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.results.recommendations import Budget, Candidate, Choice, ProblemRecommendation

if TYPE_CHECKING:
    from pipeline.results.recommendations import Standing


def candidate(label: str, **changed: Any) -> Candidate:
    """An optimizer that can be recommended."""
    values = {
        "label": label,
        "learning_rate": 0.01,
        "arguments": {"beta1": 0.904},
        "picked": 7,
        "seeds": 10,
        "search": {"learning_rate": (0.0001, 0.1), "beta1": (0.7, 0.98)},
        "on_border": False,
        "trials": 12,
        "step_ratio": 1.234,
        "state_bytes_per_parameter": 8.0,
        "left_out": None,
    }
    return Candidate.model_validate({**values, **changed})


def choice(optimizer: str, standing: str = "best", expected: float = 0.6, **changed: Any) -> Choice:
    """What it gives after some trials."""
    values = {"optimizer": optimizer, "standing": standing, "expected": expected}
    return Choice.model_validate({**values, "low": 0.55, "high": 0.65, "corrected_p": None, **changed})


def budget(trials: int, *choices: Choice, whole: bool = False, reason: str | None = None) -> Budget:
    """A number of trials."""
    return Budget(trials=trials, whole_search=whole, choices=choices, reason=reason)


def one(*budgets: Budget, **changed: Any) -> ProblemRecommendation:
    """A problem with the optimizers a to f."""
    candidates = {name: candidate(name.upper()) for name in "abcdef"}
    values = {"title": "Digits", "measure": "accuracy", "tuned_on": None, "candidates": candidates, "budgets": budgets}
    return ProblemRecommendation.model_validate({**values, **changed})


def whole(title: str, trials: int, *standings: Standing) -> ProblemRecommendation:
    """A problem with every number of trials, and the optimizers a, b, … in the order of their standings."""
    choices = [choice(name, standing) for name, standing in zip("abcdef", standings, strict=False)]
    budgets = (budget(number, *choices, whole=number == trials) for number in range(1, trials + 1))
    return one(*budgets, title=title)
