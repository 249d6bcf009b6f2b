"""How often the study finds a difference that is not there, and how large a real one must be: ``make calibrate``.

Writes ``benchmarks/results/calibration.json``. It simulates whole studies whose optimizers all follow one law: a search
with one seed, the best settings trained again with fresh seeds, each seed's pick by its own validation result, and the
family of comparisons with the baseline by max-T. The law of each problem is taken from what was recorded
(``results/runs.csv``, ``results/searches.csv``, ``results/metrics.json``). The figures depend on the random seed and
not on the hardware.

The law
-------
A setting's expected result falls with the square of the distance, in decades, between its learning rate and the best
one, which lies elsewhere for every optimizer; what other searched values do is a random number for each setting. A run
adds an effect of its seed, which all optimizers share, and one of its own; the validation and the test examples add an
error each. All of these are normal.
"""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from scipy.stats import qmc

from pipeline.comparison import settings as comparison_settings
from pipeline.comparison.evidence import Evidence
from pipeline.project import errors
from pipeline.project.files import write_json
from pipeline.results import tables
from pipeline.results.metrics import Metrics
from pipeline.results.problems import Problems
from pipeline.running import refusals
from pipeline.settings import loading
from pipeline.settings.spaces import LEARNING_RATE
from pipeline.statistics.families import max_t
from pipeline.statistics.intervals import wilson_interval

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from pipeline.settings.study import Settings

    Vector = NDArray[np.float64]

OUTPUT = Path("benchmarks/results/calibration.json")
# true advantages whose discovery is simulated: percentage points, and the same number of margins for a loss
ADVANTAGES = (1.0, 1.5, 2.0)
# The shape of a search is fitted to the settings that reach this share of the way from guessing to the best
_NEAR_THE_BEST = 0.75
_ROUNDS, _STUDIES_A_ROUND = 3, 200  # of widening the spread of picked runs to that of all
_FEWEST_SETTINGS = 4  # near the best, for a search to count


@dataclass(frozen=True, slots=True)
class Law:
    """The law of a result, in percentage points or nats: standard deviations, and the fall from the best rate."""

    seed_sd: float  # of what a seed does to every optimizer alike
    run_sd: float  # of what is left between runs of one setting
    test_sd: float  # of the measurement
    validation_sd: float
    trial_sd: float  # of a trial of the search: its run and its measurement, where the search was made
    fall: float  # one decade from the best learning rate
    best_sd: float  # of the best learning rate around the middle of the range, decades
    setting_sd: float  # of what the other searched values do to a setting


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a study is made."""

    optimizers: int  # with the baseline
    seeds: int
    points: int
    points_beyond: int
    survivors: int
    decades: float = 3.0
    sobol: bool = False  # the first points of a Sobol sequence, in place of a Latin hypercube


@dataclass(frozen=True)
class Recorded:
    """What the study found."""

    evidence: Evidence
    runs: pd.DataFrame
    settings: Settings

    def roster(self, problem: str) -> list[str]:
        """Return the optimizers of a problem without twins and without those of which a seed diverged."""
        found = self.evidence.metrics.problems[problem]
        return [name for name in self.evidence.roster(problem) if not found[name].diverged]

    @property
    def problems(self) -> list[str]:
        """The problems whose optimizers are compared."""
        return [name for name in self.evidence.problems if len(self.roster(name)) > 1]

    def scale(self, problem: str) -> float:
        """Return what turns a result into points (nats) of which more is better."""
        return -1.0 if self.evidence.by_loss(problem) else 100.0

    def column(self, part: str, problem: str) -> str:
        """Return the name of a part's result in the tables."""
        return f"{part}_loss" if self.evidence.by_loss(problem) else f"{part}_accuracy"


def recorded() -> Recorded:
    """Read ``results/`` and ``params.yaml``."""
    settings = loading.load()
    evidence = Evidence(
        settings=comparison_settings.load(),
        metrics=Metrics.read(),
        searches=tables.SEARCHES.read(),
        points=settings.tuning.points,
        facts=Problems.read().problems,
    )
    return Recorded(evidence, tables.RUNS.read(), settings)


def main(
    problems: Annotated[str, typer.Option(help="With commas between; all of the study unless given.")] = "",
    studies: Annotated[int, typer.Option(min=100, help="How many are simulated for each figure.")] = 1_000,
    optimizers: Annotated[int | None, typer.Option(min=2, help="As many as took part unless given.")] = None,
    random_seed: Annotated[int, typer.Option()] = 20_240_601,
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = OUTPUT,
) -> None:
    """Simulate, print and write the figures; takes one or two minutes."""
    study = recorded()
    names = problems.split(",") if problems else study.problems
    for name in names:
        if name not in study.problems:
            known = ", ".join(study.problems)
            raise errors.UserError(f"no optimizers are compared on {name!r}: one of {known}.")
    found = {}
    for name in names:
        found[name] = _figures(study, name, optimizers, studies, random_seed)
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


def protocol_of(study: Recorded, problem: str, optimizers: int | None = None) -> Protocol:
    """Return how the study was made on a problem."""
    tuning, baseline = study.settings.tuning, study.settings.optimizer(study.evidence.settings.baseline)
    return Protocol(
        optimizers=optimizers or len(study.roster(problem)),
        seeds=len(study.settings.seeds(problem)),
        points=tuning.points,
        points_beyond=tuning.points_beyond,
        survivors=tuning.survivors,
        decades=baseline.search[LEARNING_RATE].decades,
    )


def recorded_law(study: Recorded, problem: str) -> Law:
    """Return the law that the recorded trainings of a problem follow, all optimizers together.

    A problem that took over the settings of another has that one's search. The recorded trainings are those that each
    seed picked, whose spread is narrower than that of all: the runs' own is widened until simulated studies have the
    recorded spread of paired differences.
    """
    source = study.settings.problems[problem].tuned_on
    search = recorded_law(study, source) if source else None
    shape = (0.0, 0.0, 0.0) if source else _shape(study, problem)
    seed, run, test, validation = _variances(study, problem)
    law = _law(seed, run, test, validation, shape, search)
    protocol, wanted = protocol_of(study, problem), _paired_variance(study, problem)
    for _ in range(_ROUNDS):
        own = differences(law, protocol, _STUDIES_A_ROUND, 0).var(axis=1, ddof=1).mean()
        run *= float(np.clip(wanted / max(own, 1e-12), 0.5, 2))
        law = _law(seed, run, test, validation, shape, search)
    return law


def _law(
    seed: float, run: float, test: float, validation: float, shape: tuple[float, float, float], search: Law | None
) -> Law:
    """Return the law with these variances; `shape` is that of its own search, `search` the law of another's."""
    fall, best_sd, around_fit = shape
    trial = run + validation
    own = Law(
        seed_sd=seed**0.5,
        run_sd=run**0.5,
        test_sd=test**0.5,
        validation_sd=validation**0.5,
        trial_sd=trial**0.5,
        fall=fall,
        best_sd=best_sd,
        setting_sd=max(around_fit - trial, 0.0) ** 0.5,
    )
    if search is None:
        return own
    taken = ("trial_sd", "fall", "best_sd", "setting_sd")
    return replace(own, **{name: getattr(search, name) for name in taken})


def _by_seed(study: Recorded, problem: str) -> Vector:
    """Return the test results, shape ``(seeds, optimizers)``, the baseline first."""
    runs = study.runs[study.runs["problem"] == problem]
    table = runs.pivot(index="seed", columns="optimizer", values=study.column("test", problem))
    baseline = study.evidence.settings.baseline
    names = sorted(study.roster(problem), key=lambda name: name != baseline)
    results: Vector = study.scale(problem) * table[names].to_numpy(dtype=float)
    return results


def _paired_variance(study: Recorded, problem: str) -> float:
    results = _by_seed(study, problem)
    return float((results[:, 1:] - results[:, :1]).var(axis=0, ddof=1).mean())


def _variances(study: Recorded, problem: str) -> tuple[float, float, float, float]:
    """Return the variances of the seed's effect, the run's own, and the errors of test and validation.

    Between the seeds that picked the same setting: what test and validation share is the run, the rest is measurement.
    What the optimizers share in the same seed is the seed's.
    """
    runs = study.runs[(study.runs["problem"] == problem) & study.runs["optimizer"].isin(study.roster(problem))]
    columns = [study.column(part, problem) for part in ("test", "validation")]
    values = study.scale(problem) * runs[columns]
    setting = [runs[name] for name in ("optimizer", "learning_rate", "arguments")]
    groups = values.groupby(setting, dropna=False)
    left = (values - groups.transform("mean")).to_numpy()
    (test, shared), (_, validation) = left.T @ left / (len(left) - groups.ngroups)
    between = np.cov(_by_seed(study, problem).T)
    run = max(float(shared), 0.0)
    seed = float(np.clip(between[~np.eye(len(between), dtype=bool)].mean(), 0.0, run))
    return seed, run - seed, max(float(test) - run, 0.0), max(float(validation) - run, 0.0)


def _shape(study: Recorded, problem: str) -> tuple[float, float, float]:
    """Return the fall one decade from the best rate, how far best rates lie from the middle, and the variance left.

    Least squares, all searches together: a parabola in the logarithm of the learning rate with a height and a place of
    its own for each optimizer.
    """
    searches = [_near_the_best(study, problem, name) for name in study.roster(problem)]
    searches = [search for search in searches if len(search[0]) >= _FEWEST_SETTINGS]
    count, size = len(searches), sum(len(rates) for rates, _ in searches)
    if size <= 2 * count + 1:
        raise errors.UserError(f"the searches on {problem} have too few settings near the best to fit a parabola.")
    own = np.repeat(np.eye(count), [len(rates) for rates, _ in searches], axis=0)
    rates, results = (np.concatenate(parts) for parts in zip(*searches, strict=True))
    design = np.column_stack([own, own * rates[:, None], -(rates**2)])
    fitted, *_ = np.linalg.lstsq(design, results)
    variance = float(((results - design @ fitted) ** 2).sum()) / (size - 2 * count - 1)
    fall = float(fitted[-1])
    if fall <= 0:
        return 0.0, 0.0, variance
    half = protocol_of(study, problem).decades / 2
    best = np.clip(fitted[count:-1] / (2 * fall), -half, half)
    return fall, float(np.sqrt((best**2).mean())), variance


def _near_the_best(study: Recorded, problem: str, optimizer: str) -> tuple[Vector, Vector]:
    """Return rates (decades from the middle of the range) and results of the settings that come close to the best."""
    evidence, scale = study.evidence, study.scale(problem)
    trials = evidence.trials(problem, optimizer)
    trials = trials[trials["number"].notna() & trials["diverged_at"].isna()]
    results = scale * trials[study.column("validation", problem)].to_numpy(dtype=float)
    by_loss, classes = evidence.by_loss(problem), len(evidence.facts[problem].classes)
    guess = scale * (evidence.loss_of_guessing(problem) if by_loss else 1 / max(classes, 1))
    near = results >= guess + _NEAR_THE_BEST * (results.max(initial=guess) - guess)
    rates = np.log10(trials["learning_rate"].to_numpy(dtype=float) / study.settings.optimizer(optimizer).centre)
    return rates[near], results[near]


def simulated(law: Law, protocol: Protocol, rng: np.random.Generator) -> Vector:
    """Return the test results of one study, shape ``(seeds, optimizers)``, less the best to be had."""
    expected = _survivors(law, protocol, rng)
    runs = expected + rng.normal(0, law.run_sd, (protocol.seeds, *expected.shape))
    runs += rng.normal(0, law.seed_sd, (protocol.seeds, 1, 1))
    picked = np.argmax(runs + rng.normal(0, law.validation_sd, runs.shape), axis=2)
    reported = np.take_along_axis(runs, picked[..., None], axis=2)[..., 0]
    tested: Vector = reported + rng.normal(0, law.test_sd, reported.shape)
    return tested


def _survivors(law: Law, protocol: Protocol, rng: np.random.Generator) -> Vector:
    """Return what the settings that survive the search are expected to reach, ``(optimizers, survivors)``."""
    half, rows = protocol.decades / 2, protocol.optimizers
    best = np.clip(rng.normal(0, law.best_sd, (rows, 1)), -half, half)
    points = half * (2 * _unit_points(protocol, protocol.points, rng) - 1)
    # in the decade beyond either border; the same points for every optimizer, as in the study
    beyond = half + _unit_points(protocol, protocol.points_beyond, rng)
    rates = np.concatenate([points, beyond, -beyond])
    expected = -law.fall * (rates - best) ** 2 + rng.normal(0, law.setting_sd, (rows, len(rates)))
    # the search has one seed for all: its effect shifts every trial alike
    found = expected + rng.normal(0, law.trial_sd, expected.shape)
    first = np.argmax(found[:, : protocol.points], axis=1)
    tried = np.ones(found.shape, dtype=bool)
    tried[:, rates > half] = (first == points.argmax())[:, None]
    tried[:, rates < -half] = (first == points.argmin())[:, None]
    order = np.argsort(np.where(tried, -found, np.inf), axis=1)[:, : protocol.survivors]
    kept: Vector = np.take_along_axis(expected, order, axis=1)
    return kept


def _unit_points(protocol: Protocol, count: int, rng: np.random.Generator) -> Vector:
    """Return where trials stand in their range, from 0 to 1: the same for every optimizer."""
    if protocol.sobol:
        # a power of two is drawn, as the sequence asks for
        positions: Vector = qmc.Sobol(1, rng=rng).random_base2(int(np.ceil(np.log2(max(count, 1)))))[:count, 0]
        return positions
    # a Latin hypercube of one dimension
    return (rng.permutation(count) + rng.uniform(size=count)) / count


def differences(law: Law, protocol: Protocol, studies: int, random_seed: int) -> Vector:
    """Return the differences from the baseline, shape ``(studies, seeds, optimizers − 1)``."""
    rng = np.random.default_rng(random_seed)
    results = np.array([simulated(law, protocol, rng) for _ in range(studies)])
    from_baseline: Vector = results[..., 1:] - results[..., :1]
    return from_baseline


def _figures(study: Recorded, problem: str, optimizers: int | None, studies: int, random_seed: int) -> dict[str, Any]:
    law, protocol = recorded_law(study, problem), protocol_of(study, problem, optimizers)
    by_loss, rules = study.evidence.by_loss(problem), study.evidence.settings
    kind, scale = ("loss", 1.0) if by_loss else ("accuracy", 100.0)
    margin = scale * rules.margin(kind, problem)
    # a point is the common margin of accuracies: as many margins of the loss
    unit = rules.margins.loss if by_loss else 1.0
    return {
        "unit": "nats" if by_loss else "percentage points",
        "recorded_sd_of_a_paired_difference": round(_paired_variance(study, problem) ** 0.5, 4),
        "margin": round(margin, 6),
        **figures(
            law, protocol, margin, [round(unit * size, 6) for size in ADVANTAGES], studies, random_seed, rules.alpha
        ),
    }


def figures(
    law: Law,
    protocol: Protocol,
    margin: float,
    advantages: list[float],
    studies: int,
    random_seed: int,
    alpha: float,
) -> dict[str, Any]:
    """Return false alarms per family, for this protocol and for others, and the power for some true advantages."""
    single = replace(protocol, survivors=1)
    others = {
        "points of a Sobol sequence": (law, replace(protocol, sobol=True)),
        "one survivor": (law, single),
        "no luck of tuning": (replace(law, fall=0.0, setting_sd=0.0), single),
    }
    own = differences(law, protocol, studies, random_seed)
    return {
        "law": {name: round(value, 4) for name, value in asdict(law).items()},
        "protocol": asdict(protocol),
        "sd_of_a_paired_difference": round(float(np.sqrt(own.var(axis=1, ddof=1).mean())), 4),
        "sd_of_a_true_difference_by_tuning": luck(own),
        "no_difference": {
            "this protocol": false_alarms(own, margin, alpha),
            **{
                name: false_alarms(differences(*other, studies, random_seed), margin, alpha)
                for name, other in others.items()
            },
        },
        "power": {f"{advantage:g}": power(own, advantage, margin, alpha) for advantage in advantages},
    }


def luck(own: Vector) -> float:
    """Return how far tuning alone drives equal optimizers apart: the variance of means less that of their noise."""
    noise = own.var(axis=1, ddof=1).mean() / own.shape[1]
    return round(float(np.sqrt(max((own.mean(axis=1) ** 2).mean() - noise, 0.0))), 4)


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
    """Return how often the one optimizer that is better by `advantage` is found better, and beyond the margin."""
    rng = np.random.default_rng(0)
    shifted = families.copy()
    shifted[..., 0] += advantage
    return {
        name: float(np.mean([max_t(family, rng, margin=size).above(alpha)[0] for family in shifted]))
        for name, size in (("better", 0.0), ("better_beyond_margin", margin))
    }


def _share(alarms: list[bool]) -> dict[str, Any]:
    interval = wilson_interval(sum(alarms), len(alarms))
    assert interval.low is not None
    assert interval.high is not None
    return {"share": interval.estimate, "wilson_95": [round(interval.low, 4), round(interval.high, 4)]}


def _report(problem: str, found: dict[str, Any]) -> None:
    alarms = found["no_difference"]["this protocol"]["any_beyond_margin"]
    low, high = alarms["wilson_95"]
    print(f"{problem} (margin {found['margin']:g} {found['unit']}):")
    print(f"  false alarms of a family: {alarms['share']:.1%} ({low:.1%} to {high:.1%})")
    for name, other in found["no_difference"].items():
        shares = ", ".join(f"{kind.replace('_', ' ')} {share['share']:.1%}" for kind, share in other.items())
        print(f"  no difference, {name}: {shares}")
    for advantage, shares in found["power"].items():
        better, beyond = shares["better"], shares["better_beyond_margin"]
        print(f"  an advantage of {advantage} {found['unit']}: better {better:.0%}, beyond the margin {beyond:.0%}")


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
