"""``results/comparison.json``: every optimizer against the baseline, ranks, searches, and ranks at equal seconds."""

from __future__ import annotations

from pathlib import Path

from pipeline.results.document import Document, Record


class Difference(Record):
    """An optimizer − the baseline on one measure; `reason` says why if the two were not compared."""

    difference: float | None
    low: float | None  # of the 95 % interval of this comparison alone
    high: float | None
    unit: str  # percentage points, nats, squared error, or times (a ratio)
    margin: float | None  # in the same unit
    p: float | None  # that the difference lies within the margin, of the comparison alone
    corrected_p: float | None  # over all comparisons of the problem and the measure
    probability_of_improvement: float | None  # share of the seeds in which the optimizer is better; ties count half
    outcome: str  # better, worse, no meaningful difference, inconclusive or not tested
    pairs: int  # how many seeds were compared
    method: str | None  # of the interval: sign flips, or Student's t
    reason: str | None


class Placed(Record):
    """An optimizer in the ranking of a problem."""

    mean: float | None  # of the problem's measure on the test examples, over the seeds; diverged ones count as worst
    low: float | None  # of its 95 % interval (Student's t)
    high: float | None
    group: int  # 1 is best; those of a group are not told apart from its first one
    behind: float  # how many margins the mean lies behind the best


class Ranking(Record):
    """A problem's optimizers, the best first; `left_out` says by name which are not ranked, and why."""

    placed: dict[str, Placed]
    left_out: dict[str, str]


class InterquartileMean(Record):
    """The mean of the middle half of an optimizer's scores, with its 95 % interval (stratified bootstrap)."""

    mean: float
    low: float | None
    high: float | None


class RankingOverProblems(Record):
    """Mean ranks over the problems in which every optimizer took part (`problems`), 1 is best, the best first.

    An optimizer that is left out on some of them has the mean of the others; `blocks` says of how many. Friedman's and
    Nemenyi's tests need all places: they are of the optimizers in `tested`, which are left out nowhere.
    """

    ranks: dict[str, float]
    blocks: dict[str, int]
    problems: tuple[str, ...]
    tested: tuple[str, ...] = ()
    p: float | None = None  # Friedman's, that all those tested rank alike; None where there are too few
    critical_difference: float | None = None  # Nemenyi's: how far apart two mean ranks must lie to differ
    # of scores on which guessing is 0 and the best mean of a problem is 1
    interquartile_means: dict[str, InterquartileMean] = {}
    # by optimizer and problem: its median seconds to the hardest training loss that anyone reached, over the fewest
    slowdowns: dict[str, dict[str, float | None]] = {}


class SearchSummary(Record):
    """What the search of one optimizer on one problem shows: accuracies (fractions), or losses; one seed each."""

    trials: int
    expected_best: tuple[float, ...]  # after 1, 2, … trials
    default: float | None  # at the row's default learning rate
    good_settings: float | None  # share of the first settings, the same for all rows, that come close to the row's best
    decade_off: float | None  # mean of the trials whose rate lies 0.5 to 1.5 decades from the best one


class AtEqualSeconds(Record):
    """What each optimizer has reached once the cheapest one has finished, the best first by validation accuracy.

    From the mean curves, as they were run: a dearer optimizer is then in the middle of its schedule.
    """

    seconds: float  # of optimizer steps
    share: dict[str, float]  # how much of its training each optimizer has behind it
    train_loss: dict[str, float]
    validation_accuracy: dict[str, float]  # empty where the problem has none
    low: dict[str, float] = {}  # of the 95 % interval of the validation accuracy (Student's t over seeds)
    high: dict[str, float] = {}


class ProblemComparison(Record):
    """One problem: against the baseline by measure and optimizer, the ranking, the searches by optimizer."""

    against_baseline: dict[str, dict[str, Difference]]
    ranking: Ranking
    searches: dict[str, SearchSummary]
    at_equal_seconds: AtEqualSeconds | None

    @property
    def differences(self) -> dict[str, Difference]:
        """The differences from the baseline on the test examples, by the problem's own measure; none if it is alone."""
        by_measure = self.against_baseline
        return by_measure.get("test_accuracy") or by_measure.get("test_loss", {})


class Rules(Record):
    """The section ``comparison`` of ``params.yaml`` that was used, as `pipeline.comparison.settings` describes it."""

    baseline: str
    alpha: float
    adaptive: tuple[str, ...]
    not_adaptive: tuple[str, ...]
    assignment_accuracy: float
    margins: dict[str, float]
    problem_margins: dict[str, dict[str, float | None]] = {}


class Comparison(Document):
    """All comparisons: the settings that were used, by problem, and over all problems."""

    PATH = Path("results/comparison.json")

    settings: Rules
    problems: dict[str, ProblemComparison]
    ranking: RankingOverProblems
