"""The result of a comparison: figures, one sentence, a table, and how a notebook shows it."""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.project.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from pipeline.comparison.measures import Measure
    from pipeline.results.cost import Ratio
    from pipeline.results.metrics import Search
    from pipeline.settings.study import OptimizerSettings


@dataclass(frozen=True)
class Tried:
    """A setting that the search tried: a row of ``results/searches.csv``, without problem and optimizer."""

    learning_rate: float
    arguments: str  # the other searched arguments, such as beta1=0.904
    number: int | None  # None for the default setting, which is never chosen
    validation_accuracy: float | None  # fraction; a regression has none
    validation_loss: float | None
    diverged_at: int | None  # a step
    hopeless: bool  # ended early, no better than chance
    survivor: int | None  # its rank among those that were trained with every seed


@dataclass(frozen=True)
class Checked:
    """A check of what an optimizer promises, and what was found."""

    name: str
    ok: bool
    sentence: str
    indispensable: bool  # whether a comparison means nothing without it


@dataclass(frozen=True)
class Side:
    """One of the two optimizers, and what it reached."""

    name: str  # of the row under which its trainings are kept
    row: OptimizerSettings
    search: Search
    tried: tuple[Tried, ...]  # in the order of the search, the default setting first
    scores: tuple[float, ...]  # the measure of each seed; a diverged one counts as the worst value
    diverged: int  # how many seeds
    microseconds_per_step: float | None
    state_bytes_per_parameter: float | None
    keys: tuple[str, ...]  # of all its trainings in the memo

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.row.label

    @property
    def mean(self) -> float:
        """The mean over the seeds."""
        return sum(self.scores) / len(self.scores)

    @property
    def learning_rates(self) -> list[float]:
        """The learning rate that each seed chose."""
        return [self.search.survivors[place].learning_rate for place in self.search.picked]


@dataclass(frozen=True)
class OptimizerComparison:
    """An optimizer against a baseline, on one problem.

    Figures are in the measure's own unit: an accuracy is a fraction, a loss in nats. A difference is that of the
    optimizer minus that of the baseline. `low` and `high` are its 95 % interval, `p` is that of the paired sign-flip
    test of whether it goes beyond the margin. All are None where the two were not compared; `reason` says what stands
    in the way of an answer.
    """

    problem: str
    title: str  # of the problem, for people
    measure: Measure
    budget: str
    seeds: tuple[int, ...]
    optimizer: Side
    baseline: Side
    conclusion: str  # better, worse, no meaningful difference, inconclusive or not tested
    reason: str
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    margin: float  # the largest difference that does not matter
    step_ratio: Ratio  # time of a training step over the baseline's: the median over rounds with its 95 % interval
    checks: tuple[Checked, ...]
    trainings: int  # of both optimizers
    known: int  # how many of them were in the memo
    seconds: float  # of the whole comparison

    @property
    def sentence(self) -> str:
        """The verdict, and what would help where it is open."""
        one, other = self.optimizer.label, self.baseline.label
        answer = {
            "better": f"{one} is better than {other} on {self.title}",
            "worse": f"{one} is worse than {other} on {self.title}",
            "no meaningful difference": f"{one} and {other} do not differ by more than {self._size(self.margin)} "
            f"on {self.title}",
            "inconclusive": f"Whether {one} or {other} is better on {self.title} stays open",
            "not tested": f"{one} was not compared with {other} on {self.title}",
        }[self.conclusion]
        if self.difference is None:
            return f"{answer}: {self.reason}"
        return " ".join(part for part in (f"{answer}: {self._figures()}.", self.reason) if part)

    def _figures(self) -> str:
        means = [self.level(side.mean) for side in (self.optimizer, self.baseline)]
        interval = f"95 % interval {self._signed(self.low)} to {self._signed(self.high)}"
        p = "" if self.p is None else f", p = {self.p:.2g}"
        pairs = counted(len(self.seeds), "paired seed")
        return (
            f"{self.measure.title} {means[0]} against {means[1]}, "
            f"a difference of {self._signed(self.difference)} {self.unit} ({interval}{p}, {pairs})"
        )

    @property
    def unit(self) -> str:
        """The unit of a difference, for people."""
        return "points" if self.measure.unit == "percentage points" else self.measure.unit

    def level(self, value: float) -> str:
        """Return a value of the measure for people."""
        return f"{value:.2%}".replace("%", " %") if self.unit == "points" else f"{value:.4f}"

    def shown(self, difference: float | None) -> float | None:
        """Return a difference in the unit that people read."""
        return self.measure.shown(difference)

    def _signed(self, difference: float | None) -> str:
        shown = self.shown(difference)
        if shown is None:
            return "unknown"
        # no −0.00
        return f"{round(shown, 2) + 0.0:+.2f}" if self.unit == "points" else f"{round(shown, 4) + 0.0:+.4f}"

    def _size(self, difference: float) -> str:
        return f"{self.shown(difference):g} {self.unit}"

    def differences(self) -> dict[int, float]:
        """Return optimizer minus baseline by seed."""
        pairs = zip(self.seeds, self.optimizer.scores, self.baseline.scores, strict=True)
        return {seed: one - other for seed, one, other in pairs}

    def facts(self) -> list[dict[str, str]]:
        """Return a row for each of the two, in words, by title of the column."""
        return [self._fact(side) for side in (self.optimizer, self.baseline)]

    def _fact(self, side: Side) -> dict[str, str]:
        ratio = self.step_ratio
        relative = "1" if side is self.baseline else _interval(ratio.median, ratio.low, ratio.high)
        state = side.state_bytes_per_parameter
        return {
            "optimizer": side.label,
            "settings tried": str(side.search.trials),
            "learning rates chosen": _most_common(side.learning_rates),
            self.measure.title: self.level(side.mean),
            "diverged": f"{side.diverged} of {len(self.seeds)}",
            "time per step": relative,
            "state per parameter": "unknown" if state is None else f"{state:.3g} bytes{self._or_more(side)}",
        }

    def _or_more(self, side: Side) -> str:
        """Return what to add to the size of the state where an optimizer may keep some of it elsewhere."""
        hidden = any(check.name == "state_is_saved" and not check.ok for check in self.checks)
        return " or more" if hidden and side is self.optimizer else ""

    def remarks(self) -> list[str]:
        """Return what else a person should know, a sentence each."""
        failed = [check.sentence for check in self.checks if not check.ok]
        edges = [
            f"The best learning rate of {side.label} lies on the border of those tried: a better one may lie beyond."
            for side in (self.optimizer, self.baseline)
            if side.search.on_edge
        ]
        return [*failed, *edges]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each optimizer and seed, in the layout that ``judge`` reads.

        Returns
        -------
        DataFrame
            Columns problem, optimizer, seed, learning_rate (the one that the seed chose) and the measure, such as
            ``test_accuracy`` (a fraction).
        """
        import pandas as pd

        rows = [
            {
                "problem": self.problem,
                "optimizer": side.name,
                "seed": seed,
                "learning_rate": rate,
                self.measure.name: score,
            }
            for side in (self.optimizer, self.baseline)
            for seed, rate, score in zip(self.seeds, side.learning_rates, side.scores, strict=True)
        ]
        return pd.DataFrame(rows)

    def _repr_html_(self) -> str:
        """Return the sentence, the table of the two and the remarks, for a notebook."""
        import pandas as pd

        table = pd.DataFrame(self.facts()).to_html(index=False, border=0)
        remarks = "".join(f"<p>{html.escape(remark)}</p>" for remark in self.remarks())
        return f"<div><p><strong>{html.escape(self.sentence)}</strong></p>{table}{remarks}</div>"

    def as_items(self) -> dict[str, Any]:
        """Return everything as plain JSON values; ``docs/how-to/compare.md`` describes them."""
        ratio = self.step_ratio
        return {
            "problem": self.problem,
            "title": self.title,
            "measure": self.measure.name,
            "higher_is_better": self.measure.higher_is_better,
            "budget": self.budget,
            "seeds": list(self.seeds),
            "conclusion": self.conclusion,
            "reason": self.reason,
            "sentence": self.sentence,
            "difference": self.difference,
            "interval": {"low": self.low, "high": self.high, "confidence": 0.95},
            "p": self.p,
            "margin": self.margin,
            "step_time_ratio": {"median": ratio.median, "low": ratio.low, "high": ratio.high},
            "optimizer": _side_items(self.optimizer),
            "baseline": _side_items(self.baseline),
            "checks": [{"name": check.name, "ok": check.ok, "sentence": check.sentence} for check in self.checks],
            "remarks": self.remarks(),
            "trainings": {"all": self.trainings, "known": self.known},
            "seconds": round(self.seconds, 1),
        }


def _interval(median: float | None, low: float | None, high: float | None) -> str:
    if median is None:
        return "unknown"
    bounds = "" if low is None or high is None else f" ({low:.2f} to {high:.2f})"
    return f"{median:.2f}{bounds}"


def _most_common(rates: Sequence[float]) -> str:
    return ", ".join(f"{rate:g}" for rate, _ in Counter(rates).most_common())


def _side_items(side: Side) -> dict[str, Any]:
    return {
        "name": side.name,
        **side.row.model_dump(mode="json", by_alias=True),
        # as the row gives it
        "search": side.row.model_dump(mode="json", exclude_unset=True)["search"],
        **side.search.model_dump(mode="json"),
        "tried": [vars(tried) for tried in side.tried],
        "scores": list(side.scores),
        "mean": side.mean,
        "diverged": side.diverged,
        "microseconds_per_step": side.microseconds_per_step,
        "state_bytes_per_parameter": side.state_bytes_per_parameter,
    }
