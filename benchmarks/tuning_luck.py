"""How often the second protocol finds a difference that is not there, with the luck of tuning, and what it does find.

Run with ``python -m benchmarks.tuning_luck``; writes ``benchmarks/results/tuning_luck.json``. It simulates whole
studies: a search on one seed, survivors trained again on fresh seeds, every seed's pick by its own validation score,
and the family of comparisons with the baseline by max-T. Spreads and the shape of the searches are the recorded ones
(``results/metrics.json``, ``results/learning_rates.csv``). The figures depend on the random seed, not on the hardware.

The model. All optimizers have the same law. A trial's expected accuracy falls with the square of the distance, in
decades, between its learning rate and the optimizer's best one, which lies anywhere within half a decade of the middle
of the range. A run adds an effect of its seed (shared by all optimizers) and one of its own; validation and test
images add an error each. Other searched values than the learning rate are left out: nothing of them is recorded.
"""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
import typer
from scipy.stats import qmc

from pipeline.project import errors
from pipeline.project.files import write_json
from pipeline.results.metrics import Metrics
from pipeline.results.problems import Problems
from pipeline.running import refusals
from pipeline.statistics.families import max_t
from pipeline.statistics.intervals import wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUTPUT = Path(__file__).parent / "results" / "tuning_luck.json"
SEARCHES = Path("results/learning_rates.csv")
ALPHA = 0.05
# images that the second protocol validates on, where the recorded study had others
VALIDATION_IMAGES = {"cats_dogs": 8_000}
ADVANTAGES = (1.0, 1.5, 2.0)
_RANGE_OF_BEST = 0.5  # decades to either side of the middle of the range


@dataclass(frozen=True, slots=True)
class Law:
    """The law of an accuracy, in percentage points: standard deviations, and the fall from the best learning rate."""

    seed_sd: float  # of what a seed does to every optimizer alike
    run_sd: float  # of what is left between runs
    test_sd: float  # of the measurement
    validation_sd: float
    fall: float  # one decade from the best learning rate, points


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a study is made."""

    optimizers: int = 10
    points: int = 12
    decades: float = 3.0
    survivors: int = 3
    seeds: int = 10
    latin_hypercube: bool = False  # one trial in every twelfth of the range, in place of the first twelve of Sobol's 16


_USUAL = Protocol()


def main(
    problems: Annotated[list[str] | None, typer.Option(help="One or more; all of the study unless given.")] = None,
    studies: Annotated[int, typer.Option(min=100, help="How many are simulated for each figure.")] = 1_000,
    optimizers: Annotated[int, typer.Option(min=2)] = _USUAL.optimizers,
    points: Annotated[int, typer.Option(min=2, help="Trials of a search.")] = _USUAL.points,
    latin_hypercube: Annotated[bool, typer.Option(help="Search points of a Latin hypercube, not of Sobol.")] = False,
    survivors: Annotated[int, typer.Option(min=1, help="Settings that are trained again.")] = _USUAL.survivors,
    seeds: Annotated[int, typer.Option(min=2, help="Fresh seeds.")] = _USUAL.seeds,
    margin: Annotated[float, typer.Option(min=0, help="Percentage points that do not matter.")] = 0.5,
    random_seed: Annotated[int, typer.Option()] = 20_240_601,
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = OUTPUT,
) -> None:
    """Simulate, print and write the figures."""
    protocol = Protocol(optimizers, points, survivors=survivors, seeds=seeds, latin_hypercube=latin_hypercube)
    found = {
        name: figures(recorded_law(name), protocol, studies, margin, random_seed)
        for name in problems or ["cifar10", "cats_dogs", "visual_words"]
    }
    content = {
        "studies": studies,
        "protocol": asdict(protocol),
        "alpha": ALPHA,
        "margin_pp": margin,
        "random_seed": random_seed,
        "problems": found,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in ("numpy", "scipy")},
    }
    write_json(output, content)
    report(content)
    print(f"written to {output.name}")


def recorded_law(problem: str) -> Law:
    """Return the law that the recorded trainings of a problem follow, all optimizers together."""
    rows = [row for row in Metrics.read().problems[problem].values() if not row.diverged]
    pairs = [(row.test_accuracy, row.validation_accuracy) for row in rows]
    # optimizers that are the same function here, bit for bit, count once
    whole = {test.seeds: validation.seeds for test, validation in pairs if test and validation}
    test, validation = (100 * np.array(list(scores), dtype=float) for scores in (whole.keys(), whole.values()))
    between = np.cov(test)
    run = _mean_covariance(test, validation)
    seed = float(np.clip(between[~np.eye(len(between), dtype=bool)].mean(), 0, run))
    images = Problems.read().problems[problem].counts["validation"]
    share = images / VALIDATION_IMAGES.get(problem, images)
    return Law(
        seed_sd=seed**0.5,
        run_sd=(run - seed) ** 0.5,
        test_sd=max(_mean_covariance(test, test) - run, 0.0) ** 0.5,
        validation_sd=(share * max(_mean_covariance(validation, validation) - run, 0.0)) ** 0.5,
        fall=_fall(problem),
    )


def _mean_covariance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the covariance over the seeds, the mean over the optimizers; 0 where it is negative."""
    centred = [scores - scores.mean(axis=1, keepdims=True) for scores in (first, second)]
    covariance = (centred[0] * centred[1]).sum(axis=1) / (first.shape[1] - 1)
    return max(float(covariance.mean()), 0.0)


def _fall(problem: str) -> float:
    """Return how far a parabola through the best rate and its neighbours falls in a decade: the median search."""
    falls = []
    searches = pd.read_csv(SEARCHES).query("problem == @problem")
    for _, search in searches.sort_values("learning_rate").groupby("optimizer"):
        scores = 100 * search["validation_accuracy"].to_numpy()
        place = int(scores.argmax())
        if 0 < place < len(scores) - 1 and search["diverged_at"].iloc[place - 1 : place + 2].isna().all():
            rates = np.log10(search["learning_rate"].to_numpy()[place - 1 : place + 2])
            falls.append(-np.polyfit(rates - rates[1], scores[place - 1 : place + 2], 2)[0])
    return float(np.median(falls))


def study(law: Law, protocol: Protocol, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the test accuracies of one study, shape ``(seeds, optimizers)``, less the best one to be had."""
    rows, kept, seeds = protocol.optimizers, protocol.survivors, protocol.seeds
    unit = _positions(protocol, rng)
    best = rng.uniform(-_RANGE_OF_BEST, _RANGE_OF_BEST, (rows, 1))
    expected = -law.fall * (protocol.decades * (unit - 0.5) - best) ** 2
    # the search has one seed for all: its effect shifts every score alike
    error = rng.normal(0, np.hypot(law.run_sd, law.validation_sd), expected.shape)
    survivors = np.argsort(-(expected + error), axis=1)[:, :kept]
    runs = rng.normal(0, law.run_sd, (seeds, rows, kept)) + np.take_along_axis(expected, survivors, axis=1)
    runs += rng.normal(0, law.seed_sd, (seeds, 1, 1))
    picked = np.argmax(runs + rng.normal(0, law.validation_sd, runs.shape), axis=2)
    reported = np.take_along_axis(runs, picked[..., None], axis=2)[..., 0]
    tested: NDArray[np.float64] = reported + rng.normal(0, law.test_sd, reported.shape)
    return tested


def _positions(protocol: Protocol, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return where the trials stand in the range, from 0 to 1: the same for every optimizer."""
    if protocol.latin_hypercube:
        drawn = qmc.LatinHypercube(1, rng=rng).random(protocol.points)
    else:
        # a power of two is drawn, as the sequence asks for
        drawn = qmc.Sobol(1, rng=rng).random_base2(int(np.ceil(np.log2(protocol.points))))[: protocol.points]
    positions: NDArray[np.float64] = drawn[:, 0]
    return positions


def differences(law: Law, protocol: Protocol, studies: int, random_seed: int) -> NDArray[np.float64]:
    """Return the differences from the baseline, shape ``(studies, seeds, optimizers − 1)``."""
    rng = np.random.default_rng(random_seed)
    scores = np.array([study(law, protocol, rng) for _ in range(studies)])
    from_baseline: NDArray[np.float64] = scores[..., 1:] - scores[..., :1]
    return from_baseline


def figures(law: Law, protocol: Protocol, studies: int, margin: float, random_seed: int) -> dict[str, Any]:
    """Return false alarms per family, for this protocol and for others, and the power for three advantages."""
    others = {
        "points of a Latin hypercube": (law, replace(protocol, latin_hypercube=True)),
        "one survivor": (law, replace(protocol, survivors=1)),
        "no luck of tuning": (replace(law, fall=0.0), replace(protocol, survivors=1)),
    }
    own = differences(law, protocol, studies, random_seed)
    return {
        "law_pp": {name: round(value, 3) for name, value in asdict(law).items()},
        "sd_of_a_paired_difference_pp": round(float(np.sqrt(own.var(axis=1, ddof=1).mean())), 3),
        "sd_of_a_true_difference_by_tuning_pp": _luck(own),
        "no_difference": {
            "this protocol": false_alarms(own, margin),
            **{name: false_alarms(differences(*other, studies, random_seed), margin) for name, other in others.items()},
        },
        "power": {f"{advantage:g} pp": power(own, advantage, margin) for advantage in ADVANTAGES},
    }


def _luck(own: NDArray[np.float64]) -> float:
    """Return how far tuning alone drives equal optimizers apart: the variance of means less that of their noise."""
    noise = own.var(axis=1, ddof=1).mean() / own.shape[1]
    return round(float(np.sqrt(max((own.mean(axis=1) ** 2).mean() - noise, 0.0))), 3)


def false_alarms(families: NDArray[np.float64], margin: float) -> dict[str, Any]:
    """Return the share of families with any difference, with any beyond the margin, and with any such "better"."""
    rng = np.random.default_rng(0)  # not used: all sign patterns are counted
    plain, beyond = ([max_t(family, rng, margin=size) for family in families] for size in (0.0, margin))
    return {
        "any_difference": _share([bool((found.corrected <= ALPHA).any()) for found in plain]),
        "any_beyond_margin": _share([bool((found.corrected <= ALPHA).any()) for found in beyond]),
        "any_better_beyond_margin": _share([bool(found.above(ALPHA).any()) for found in beyond]),
    }


def power(families: NDArray[np.float64], advantage: float, margin: float) -> dict[str, float]:
    """Return how often the one optimizer that is better by `advantage` is found better, and beyond the margin."""
    rng = np.random.default_rng(0)
    shifted = families.copy()
    shifted[..., 0] += advantage
    return {
        name: float(np.mean([max_t(family, rng, margin=size).above(ALPHA)[0] for family in shifted]))
        for name, size in (("better", 0.0), ("better_beyond_margin", margin))
    }


def _share(alarms: list[bool]) -> dict[str, Any]:
    interval = wilson_interval(sum(alarms), len(alarms))
    assert interval.low is not None
    assert interval.high is not None
    return {"share": interval.estimate, "wilson_95": [round(interval.low, 4), round(interval.high, 4)]}


def report(content: dict[str, Any]) -> None:
    """Print the figures that matter."""
    for problem, found in content["problems"].items():
        print(
            f"{problem}: paired sd {found['sd_of_a_paired_difference_pp']} points, of a true one by tuning "
            f"{found['sd_of_a_true_difference_by_tuning_pp']}"
        )
        for name, alarms in found["no_difference"].items():
            shares = ", ".join(f"{kind.replace('_', ' ')} {alarm['share']:.1%}" for kind, alarm in alarms.items())
            print(f"  no difference, {name}: {shares}")
        for advantage, shares in found["power"].items():
            print(
                f"  {advantage}: better {shares['better']:.0%}, beyond the margin {shares['better_beyond_margin']:.0%}"
            )


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
