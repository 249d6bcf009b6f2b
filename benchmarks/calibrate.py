"""How often the study finds a difference that is not there, and how large a real one must be: ``make calibrate``.

Simulates whole studies of optimizers that are all equally good, and writes ``benchmarks/results/calibration.json``. The
figures depend on the random seed and not on the hardware.

What chance does
----------------
Nothing is assumed about how a result depends on a setting: the study was made twice, the second time with another
search and other seeds (``make other-seeds``). So both kinds of chance were recorded, problem by problem:

- **seeds**: the results of one seed, less the mean of each optimizer. Simulated seeds are drawn from these rows, so
  what optimizers share in one seed, and their different spreads, stay as they are;
- **the search**: how far an optimizer's mean moved from the one study to the other, less how far all moved together and
  less what the seeds explain. Simulated optimizers have each a normal shift of that standard deviation. As it comes
  from a handful of optimizers, the false alarms are also given for the upper end of its 95 % interval.
"""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from scipy import stats

from benchmarks import other_seeds
from pipeline.comparison import settings as comparison_settings
from pipeline.comparison.evidence import Evidence
from pipeline.project import errors
from pipeline.project.files import write_json
from pipeline.results import tables
from pipeline.results.metrics import Metrics
from pipeline.results.problems import Problems
from pipeline.running import refusals
from pipeline.statistics.families import max_t
from pipeline.statistics.intervals import wilson_interval

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

OUTPUT = Path("benchmarks/results/calibration.json")
# true advantages whose discovery is simulated: percentage points, and the same number of margins for a loss
ADVANTAGES = (1.0, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class Luck:
    """What the search does to an optimizer's mean: a standard deviation, and the upper end of its 95 % interval."""

    sd: float
    high: float


@dataclass(frozen=True)
class Chance:
    """What chance does to the results of a problem, in percentage points or nats."""

    seeds: Vector  # (seeds of both studies, optimizers), each study's columns with mean 0; the baseline first
    seeds_a_study: int
    luck: Luck

    def studies(self, count: int, luck: float, random_seed: int) -> Vector:
        """Return the differences from the baseline in simulated studies, ``(count, seeds, optimizers − 1)``."""
        rng = np.random.default_rng(random_seed)
        drawn = rng.integers(len(self.seeds), size=(count, self.seeds_a_study))
        # rows around their own mean vary less than the results do
        results = self.seeds[drawn] * np.sqrt(self.seeds_a_study / (self.seeds_a_study - 1))
        results = results + rng.normal(0, luck, (count, 1, self.seeds.shape[1]))
        differences: Vector = results[..., 1:] - results[..., :1]
        return differences


@dataclass(frozen=True)
class Recorded:
    """What was found in the study and in the second one."""

    evidence: Evidence
    runs: tuple[pd.DataFrame, pd.DataFrame]

    @property
    def problems(self) -> list[str]:
        """The problems whose optimizers are compared, in both studies."""
        there = set(self.runs[1]["problem"])
        return [name for name in self.evidence.problems if name in there and len(self.roster(name)) > 1]

    def roster(self, problem: str) -> list[str]:
        """Return the optimizers of a problem, the baseline first, without twins and any that diverged."""
        diverged = {
            name for runs in self.runs for name in runs[runs["diverged"] & (runs["problem"] == problem)]["optimizer"]
        }
        names = [name for name in self.evidence.roster(problem) if name not in diverged]
        return sorted(names, key=lambda name: name != self.evidence.settings.baseline)

    def by_seed(self, problem: str) -> tuple[Vector, Vector]:
        """Return the test results of either study, shape ``(seeds, optimizers)``, more is better."""
        by_loss = self.evidence.by_loss(problem)
        column, scale = ("test_loss", -1.0) if by_loss else ("test_accuracy", 100.0)
        tables_of = (runs[runs["problem"] == problem].pivot(index="seed", columns="optimizer") for runs in self.runs)
        first, second = (scale * table[column][self.roster(problem)].to_numpy(dtype=float) for table in tables_of)
        return first, second


def recorded() -> Recorded:
    """Read ``results/``, ``params.yaml`` and the second study's table of runs."""
    evidence = Evidence(
        settings=comparison_settings.load(),
        metrics=Metrics.read(),
        searches=tables.SEARCHES.read(),
        points=0,
        facts=Problems.read().problems,
    )
    if not other_seeds.RUNS.path.exists():
        raise errors.UserError(f"{other_seeds.RUNS.path} is missing: `make other-seeds` makes the study again first.")
    return Recorded(evidence, (tables.RUNS.read(), other_seeds.RUNS.read()))


def main(
    problems: Annotated[str, typer.Option(help="With commas between; all of both studies unless given.")] = "",
    studies: Annotated[int, typer.Option(min=100, help="How many are simulated for each figure.")] = 1_000,
    random_seed: Annotated[int, typer.Option()] = 20_240_601,
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = OUTPUT,
) -> None:
    """Simulate, print and write the figures; takes one or two minutes."""
    study = recorded()
    names = problems.split(",") if problems else study.problems
    for name in names:
        if name not in study.problems:
            known = ", ".join(study.problems)
            raise errors.UserError(f"no optimizers are compared on {name!r} in both studies: one of {known}.")
    found = {}
    for name in names:
        found[name] = _figures(study, name, studies, random_seed)
        _report(name, found[name])
    content = {
        "studies": studies,
        "alpha": study.evidence.settings.alpha,
        "random_seed": random_seed,
        "problems": found,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in ("numpy", "scipy")},
    }
    write_json(output, content)
    print(f"written to {output}")


def chance(first: Vector, second: Vector) -> Chance:
    r"""Return what chance does, from the results of two studies, each ``(seeds, optimizers)``.

    With :math:`m_o` the difference of an optimizer's two means, less the mean over optimizers, the variance of
    :math:`m_o / \sqrt 2` is that of the search plus that of a mean over seeds; the latter is known from the seeds. Its
    upper bound is that of a variance with one degree of freedom less than there are optimizers (chi-squared).
    """
    around = [results - results.mean(axis=0) for results in (first, second)]
    seeds, optimizers = first.shape
    own = [rows - rows.mean(axis=1, keepdims=True) for rows in around]
    noise = sum(float((rows**2).sum()) for rows in own) / ((optimizers - 1) * sum(len(rows) - 1 for rows in own))
    moved = (first.mean(axis=0) - second.mean(axis=0)).var(ddof=1) / 2
    high = moved * (optimizers - 1) / stats.chi2.ppf(0.025, optimizers - 1)
    luck = Luck(*(float(np.sqrt(max(variance - noise / seeds, 0.0))) for variance in (moved, high)))
    return Chance(np.concatenate(around), seeds, luck)


def _figures(study: Recorded, problem: str, studies: int, random_seed: int) -> dict[str, Any]:
    by_loss, rules = study.evidence.by_loss(problem), study.evidence.settings
    kind, scale = ("loss", 1.0) if by_loss else ("accuracy", 100.0)
    # a point is the common margin of accuracies: as many margins of the loss
    unit = rules.margins.loss if by_loss else 1.0
    margin, advantages = scale * rules.margin(kind, problem), [round(unit * size, 6) for size in ADVANTAGES]
    both = study.by_seed(problem)
    from_baseline = [results.mean(axis=0) - results[:, 0].mean() for results in both]
    return {
        "unit": "nats" if by_loss else "percentage points",
        "margin": round(margin, 6),
        "advantage_over_the_baseline": {
            name: [round(float(value), 4) for value in advantage]
            for name, *advantage in list(zip(study.roster(problem), *from_baseline, strict=True))[1:]
        },
        **figures(chance(*both), margin, advantages, studies, random_seed, rules.alpha),
    }


def figures(
    found: Chance, margin: float, advantages: list[float], studies: int, random_seed: int, alpha: float
) -> dict[str, Any]:
    """Return the chance, false alarms per family, and the power for some true advantages."""
    lucks = {"this study": found.luck.sd, "luck at its upper bound": found.luck.high, "no luck of the search": 0.0}
    families = {name: found.studies(studies, luck, random_seed) for name, luck in lucks.items()}
    own = families["this study"]
    return {
        "seeds": found.seeds_a_study,
        "sd_of_a_paired_difference": round(float(np.sqrt(own.var(axis=1, ddof=1).mean())), 4),
        "sd_by_the_search": {name: round(value, 4) for name, value in asdict(found.luck).items()},
        "no_difference": {name: false_alarms(family, margin, alpha) for name, family in families.items()},
        "power": {f"{advantage:g}": power(own, advantage, margin, alpha) for advantage in advantages},
    }


def false_alarms(families: Vector, margin: float, alpha: float) -> dict[str, Any]:
    """Return the share of families with any difference, with any beyond the margin, and with any such "better".

    The second is what a verdict counts as a difference: the false alarms of a family.
    """
    rng = np.random.default_rng(0)  # not used: all sign patterns are counted
    plain, beyond = ([max_t(family, rng, margin=size) for family in families] for size in (0.0, margin))
    return {
        "any_difference": _share([bool((found.corrected <= alpha).any()) for found in plain]),
        "any_beyond_margin": _share([bool((found.corrected <= alpha).any()) for found in beyond]),
        "any_better_beyond_margin": _share([bool(found.above(alpha).any()) for found in beyond]),
    }


def power(families: Vector, advantage: float, margin: float, alpha: float) -> dict[str, float]:
    """Return how often the one optimizer that is better by `advantage` is found better, and beyond the margin.

    Each optimizer is that one in turn: their spreads differ.
    """
    rng = np.random.default_rng(0)
    chosen = np.arange(len(families)) % families.shape[2]
    shifted = families.copy()
    shifted[np.arange(len(families)), :, chosen] += advantage
    return {
        name: float(
            np.mean(
                [
                    max_t(family, rng, margin=size).above(alpha)[better]
                    for family, better in zip(shifted, chosen, strict=True)
                ]
            )
        )
        for name, size in (("better", 0.0), ("better_beyond_margin", margin))
    }


def _share(alarms: list[bool]) -> dict[str, Any]:
    interval = wilson_interval(sum(alarms), len(alarms))
    assert interval.low is not None
    assert interval.high is not None
    return {"share": interval.estimate, "wilson_95": [round(interval.low, 4), round(interval.high, 4)]}


def _report(problem: str, found: dict[str, Any]) -> None:
    luck = found["sd_by_the_search"]
    print(f"{problem} (margin {found['margin']:g} {found['unit']}):")
    for name, (first, second) in found["advantage_over_the_baseline"].items():
        print(f"  {name} over the baseline: {first:+g} in the study, {second:+g} in the second one")
    print(f"  standard deviation by the search: {luck['sd']:g} {found['unit']} (at most {luck['high']:g})")
    for name, other in found["no_difference"].items():
        shares = ", ".join(f"{kind.replace('_', ' ')} {share['share']:.1%}" for kind, share in other.items())
        print(f"  no difference, {name}: {shares}")
    for advantage, shares in found["power"].items():
        better, beyond = shares["better"], shares["better_beyond_margin"]
        print(f"  an advantage of {advantage} {found['unit']}: better {better:.0%}, beyond the margin {beyond:.0%}")


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
