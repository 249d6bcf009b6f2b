"""The result of a comparison: figures, one sentence, a table, and how a notebook shows it."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.project.wording import counted

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.comparison.measures import Measure
    from pipeline.results.cost import Ratio
    from pipeline.statistics.paired import Conclusion


@dataclass(frozen=True)
class Tried:
    """A learning rate that the search tried; the loss is None (and the accuracy 0) after a divergence."""

    learning_rate: float
    validation_accuracy: float | None  # fraction; a regression has none
    validation_loss: float | None
    diverged: bool


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
    label: str
    class_name: str
    arguments: dict[str, Any]
    rest: dict[str, Any] | None
    learning_rate_centre: float
    learning_rate: float  # the best that the search found
    on_edge: bool  # whether it is the first or the last that was tried, so that a better one may lie beyond
    tried: tuple[Tried, ...]  # in ascending order of the learning rate
    scores: tuple[float | None, ...]  # the measure of each seed, None where it is not finite
    diverged: int  # how many final trainings
    microseconds_per_step: float | None
    state_bytes_per_parameter: float | None
    keys: tuple[str, ...]  # of all its trainings in the memo

    @property
    def mean(self) -> float | None:
        """The mean over the seeds; None where one has no value."""
        known = [score for score in self.scores if score is not None]
        return sum(known) / len(known) if len(known) == len(self.scores) else None


@dataclass(frozen=True)
class OptimizerComparison:
    """An optimizer against a baseline, on one problem.

    Figures are in the measure's own unit: an accuracy is a fraction, a loss in nats. A difference is that of the
    optimizer minus that of the baseline. `low` and `high` are its 95 % interval, `p` is that of the exact paired
    sign-flip test. All are None where the two cannot be compared; `reason` says what stands in the way.
    """

    problem: str
    title: str  # of the problem, for people
    measure: Measure
    budget: str
    seeds: tuple[int, ...]
    optimizer: Side
    baseline: Side
    conclusion: Conclusion
    reason: str
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    margin: float  # the largest difference that does not matter
    step_ratio: Ratio  # time of a training step over the baseline's: the median over rounds with its 95 % interval
    checks: tuple[Checked, ...]
    notes: tuple[str, ...]
    trainings: int  # of both optimizers
    known: int  # how many of them were in the memo
    seconds: float  # of the whole comparison

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        one, other = self.optimizer.label, self.baseline.label
        answer = {
            "better": f"{one} is better than {other} on {self.title}",
            "worse": f"{one} is worse than {other} on {self.title}",
            "no meaningful difference": f"{one} and {other} do not differ by more than {self._size(self.margin)} "
            f"on {self.title}",
            "inconclusive": f"Whether {one} or {other} is better on {self.title} stays open",
        }[self.conclusion]
        parts = [part for part in (self._figures(), self.reason) if part]
        return f"{answer}: {'; '.join(parts)}."

    def _figures(self) -> str:
        if self.difference is None:
            return ""
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

    def level(self, value: float | None) -> str:
        """Return a value of the measure for people."""
        if value is None:
            return "none"
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
        """Return optimizer minus baseline by seed, without the seeds in which one has no value."""
        pairs = zip(self.seeds, self.optimizer.scores, self.baseline.scores, strict=True)
        return {seed: one - other for seed, one, other in pairs if one is not None and other is not None}

    def facts(self) -> list[dict[str, str]]:
        """Return a row for each of the two, in words, by title of the column."""
        return [self._fact(side) for side in (self.optimizer, self.baseline)]

    def _fact(self, side: Side) -> dict[str, str]:
        ratio = self.step_ratio
        relative = "1" if side is self.baseline else _interval(ratio.median, ratio.low, ratio.high)
        state = side.state_bytes_per_parameter
        return {
            "optimizer": side.label,
            "best learning rate": f"{side.learning_rate:g}" + (" (edge)" if side.on_edge else ""),
            "tried": str(len(side.tried)),
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
            f"The best learning rate of {side.label} lies on the edge of those tried: a better one may lie beyond."
            for side in (self.optimizer, self.baseline)
            if side.on_edge and side.diverged < len(self.seeds)
        ]
        return [*failed, *edges, *self.notes]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each optimizer and seed, in the layout that ``judge`` reads.

        Returns
        -------
        DataFrame
            Columns problem, optimizer, seed, learning_rate and the measure, such as ``test_accuracy`` (a fraction).
        """
        import pandas as pd

        rows = [
            {
                "problem": self.problem,
                "optimizer": side.name,
                "seed": seed,
                "learning_rate": side.learning_rate,
                self.measure.name: score,
            }
            for side in (self.optimizer, self.baseline)
            for seed, score in zip(self.seeds, side.scores, strict=True)
        ]
        return pd.DataFrame(rows).astype({self.measure.name: float})

    def _repr_html_(self) -> str:
        """Return the sentence, the table of the two and the remarks, for a notebook."""
        import pandas as pd

        table = pd.DataFrame(self.facts()).to_html(index=False, border=0)
        remarks = "".join(f"<p>{html.escape(remark)}</p>" for remark in self.remarks())
        return f"<div><p><strong>{html.escape(self.sentence)}</strong></p>{table}{remarks}</div>"

    def as_items(self) -> dict[str, Any]:
        """Return everything as plain JSON values; ``docs/compare.md`` describes them."""
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


def _side_items(side: Side) -> dict[str, Any]:
    return {
        "name": side.name,
        "label": side.label,
        "class": side.class_name,
        "arguments": side.arguments,
        "rest": side.rest,
        "learning_rate_centre": side.learning_rate_centre,
        "learning_rate": side.learning_rate,
        "on_edge": side.on_edge,
        "tried": [vars(tried) for tried in side.tried],
        "scores": list(side.scores),
        "mean": side.mean,
        "diverged": side.diverged,
        "microseconds_per_step": side.microseconds_per_step,
        "state_bytes_per_parameter": side.state_bytes_per_parameter,
    }
