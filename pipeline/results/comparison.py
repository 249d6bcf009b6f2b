"""``results/comparison.json``: every optimizer against the baseline, ranks, and what the searches show."""

from __future__ import annotations

from pathlib import Path

from pipeline.results.document import Document, Record


class Difference(Record):
    """An optimizer − the baseline on one measure; `reason` says why if the two were not compared."""

    difference: float | None
    low: float | None  # of the 95 % interval
    high: float | None
    unit: str  # percentage points, nats, squared error, or times (a ratio)
    p: float | None  # of the paired test
    corrected_p: float | None  # over all optimizers of the problem and measure
    probability_of_improvement: float | None  # share of the seeds in which the optimizer is better; ties count half
    outcome: str  # better, worse, no meaningful difference, inconclusive or not tested
    pairs: int  # how many seeds were compared
    reason: str | None


class Ranking(Record):
    """Mean ranks by optimizer, 1 is best, the best first; `reason` says why if there is no ranking."""

    ranks: dict[str, float]
    blocks: int  # how many seeds (or problems) were ranked
    critical_difference: float | None  # Nemenyi's: how far apart two ranks must be to differ
    p: float | None  # Friedman's: of the hypothesis that all rank alike
    left_out: tuple[str, ...]  # optimizers whose learning rate lies on the edge of its grid
    reason: str | None


class RankingOverProblems(Ranking):
    """Ranks within every problem in which all optimizers took part; `problems` names these."""

    problems: tuple[str, ...]


class Tolerance(Record):
    """How many decades of learning rates are good ones, and whether an end of the grid is still good.

    The search used one seed. If an end is good, `decades` is a lower bound.
    """

    decades: float
    best_learning_rate: float
    best_score: float
    open_low: bool
    open_high: bool

    @property
    def open(self) -> bool:
        """Whether an end of the grid is still good."""
        return self.open_low or self.open_high


class Search(Record):
    """What a search shows; `expected_best` is the expected accuracy (fraction), or loss, after 1, 2, … trials."""

    trials: int
    tolerance: Tolerance | None
    expected_best: tuple[float, ...]


class ProblemComparison(Record):
    """The comparisons on one problem: by measure and optimizer, the ranking over seeds, the searches by optimizer."""

    against_baseline: dict[str, dict[str, Difference]]
    ranking: Ranking
    searches: dict[str, Search]

    @property
    def differences(self) -> dict[str, Difference]:
        """The differences from the baseline on the test examples, by the measure that the problem is judged by."""
        by_measure = self.against_baseline
        return by_measure["test_accuracy"] if "test_accuracy" in by_measure else by_measure["test_loss"]


class Rules(Record):
    """The section ``comparison`` of ``params.yaml`` that was used, as `pipeline.comparison.settings` describes it."""

    baseline: str
    alpha: float
    adaptive: tuple[str, ...]
    not_adaptive: tuple[str, ...]
    fewest_problems: int
    assignment_accuracy: float
    margins: dict[str, float]


class Comparison(Document):
    """All comparisons: the settings that were used, by problem, and over all problems."""

    PATH = Path("results/comparison.json")

    settings: Rules
    problems: dict[str, ProblemComparison]
    ranking: RankingOverProblems
