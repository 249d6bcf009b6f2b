"""How often the comparison finds a difference that is not there, and how small a real one it finds.

Run with ``python -m benchmarks.calibrate``; writes ``benchmarks/results/calibration.json``.
The figures depend on the random seed and not on the hardware.
"""

from __future__ import annotations

import itertools
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from pipeline.project import errors
from pipeline.project.files import write_json
from pipeline.running import refusals
from pipeline.statistics import paired
from pipeline.statistics.intervals import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    # (generator, shape) -> residuals of that shape, in percentage points; the last axis is the optimizer.
    Residuals = Callable[[np.random.Generator, tuple[int, int, int]], NDArray[np.float64]]

OUTPUT = Path(__file__).parent / "results" / "calibration.json"
SEED = 20_240_601
STUDIES = 1_000
PAIRS = (10, 14)
OPTIMIZERS = 13
COMPARISONS = OPTIMIZERS - 1
ALPHA = 0.05
POWER = 0.8
# In percentage points. Ten-seed sample deviations of a final CIFAR-10 accuracy lie between about 0.3 and 1.2.
SEED_SD = 0.3
RESIDUAL_SD = 0.5
UNEQUAL_SDS = np.linspace(0.3, 1.2, OPTIMIZERS)
_CHUNK = 2_000
_CHECKED = 200


def main() -> None:
    """Simulate, check the fast twins against the real tests, and write the figures."""
    check_twins(np.random.default_rng(SEED))
    scenarios = {"equal, normal": normal_residuals, "unequal, skewed": skewed_residuals}
    figures = {
        "studies": STUDIES,
        "optimizers": OPTIMIZERS,
        "comparisons_with_the_baseline": COMPARISONS,
        "paired_seeds": list(PAIRS),
        "alpha": ALPHA,
        "seed_sd_pp": SEED_SD,
        "residual_sd_pp": RESIDUAL_SD,
        "unequal_residual_sds_pp": [round(float(sd), 3) for sd in UNEQUAL_SDS],
        "no_difference": {
            f"{pairs} seeds, {name}": false_alarms(draw, pairs) for pairs in PAIRS for name, draw in scenarios.items()
        },
        "power": {f"{pairs} seeds": smallest_difference_found(pairs) for pairs in PAIRS},
        "twins_checked_on": _CHECKED,
        "random_seed": SEED,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in ("numpy", "scipy")},
    }
    write_json(OUTPUT, figures)
    report(figures)


def normal_residuals(rng: np.random.Generator, shape: tuple[int, int, int]) -> NDArray[np.float64]:
    """Return residuals of one size for all optimizers."""
    return rng.normal(0, RESIDUAL_SD, shape)


def skewed_residuals(rng: np.random.Generator, shape: tuple[int, int, int]) -> NDArray[np.float64]:
    """Return residuals with a tail of bad runs, larger for some optimizers.

    Differences are then not symmetric around zero, which the sign-flip test takes them to be.
    """
    gamma = rng.gamma(2.0, 1.0, shape)
    standard: NDArray[np.float64] = (2.0 - gamma) / np.sqrt(2.0)
    # The baseline (the last column) is in the middle; the others lie on both sides of it.
    order = np.argsort(np.abs(UNEQUAL_SDS - np.median(UNEQUAL_SDS)), kind="stable")[::-1]
    return standard * UNEQUAL_SDS[order]


def differences_from_baseline(
    rng: np.random.Generator, draw: Residuals, studies: int, pairs: int
) -> NDArray[np.float64]:
    """Return differences, shape ``(studies, comparisons, pairs)``, between optimizers that are all alike."""
    seeds = rng.normal(0, SEED_SD, (studies, pairs, 1))
    scores = seeds + draw(rng, (studies, pairs, OPTIMIZERS))
    differences: NDArray[np.float64] = scores[..., :-1] - scores[..., -1:]
    return np.swapaxes(differences, 1, 2)


def sign_flip_p(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the exact two-sided sign-flip p along the last axis: the twin of `paired.sign_flip_test`."""
    flat = differences.reshape(-1, differences.shape[-1])
    # A pattern and its negative are equally far from zero: half of them, with the first sign fixed, will do.
    half = [(1, *rest) for rest in itertools.product((1, -1), repeat=flat.shape[1] - 1)]
    patterns = np.array(half, dtype=np.float64)
    found = [_share_as_far(chunk, patterns) for chunk in np.array_split(flat, -(-len(flat) // _CHUNK))]
    return np.concatenate(found).reshape(differences.shape[:-1])


def _share_as_far(flat: NDArray[np.float64], patterns: NDArray[np.float64]) -> NDArray[np.float64]:
    scale = np.abs(flat).max(axis=1, keepdims=True)
    sums = np.abs(flat / scale @ patterns.T)
    observed = np.abs((flat / scale).sum(axis=1, keepdims=True))
    share: NDArray[np.float64] = (sums >= observed - 1e-9).mean(axis=1)
    return share


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Holm's p along the last axis: the twin of `paired.holm` for many studies at once."""
    order = np.argsort(p_values, axis=-1)
    family = p_values.shape[-1]
    stepped = np.take_along_axis(p_values, order, -1) * np.arange(family, 0, -1)
    corrected = np.minimum(np.maximum.accumulate(stepped, axis=-1), 1.0)
    restored = np.empty_like(corrected)
    np.put_along_axis(restored, order, corrected, -1)
    return restored


def check_twins(rng: np.random.Generator) -> None:
    """Raise unless both twins agree with the tests they stand for."""
    differences = differences_from_baseline(rng, normal_residuals, _CHECKED, max(PAIRS))
    fast = sign_flip_p(differences)
    slow = [paired.sign_flip_test(one, rng) for one in differences[:, 0]]
    np.testing.assert_allclose(fast[:, 0], slow, rtol=0, atol=1e-12)
    np.testing.assert_allclose(holm(fast), [paired.holm(row) for row in fast], rtol=0, atol=1e-12)


def false_alarms(draw: Residuals, pairs: int) -> dict[str, Any]:
    """Return the share of studies with a false "better", and with any false difference."""
    differences = differences_from_baseline(np.random.default_rng(SEED), draw, STUDIES, pairs)
    significant = holm(sign_flip_p(differences)) <= ALPHA
    better = significant & (differences.mean(axis=-1) > 0)
    return {
        "any_false_better": _share(int(better.any(axis=1).sum())),
        "any_false_difference": _share(int(significant.any(axis=1).sum())),
    }


def _share(count: int) -> dict[str, Any]:
    interval = wilson_interval(count, STUDIES)
    assert interval.low is not None
    assert interval.high is not None
    return {
        "studies": count,
        "share": interval.estimate,
        "wilson_95": [round(interval.low, 5), round(interval.high, 5)],
    }


def smallest_difference_found(pairs: int) -> dict[str, Any]:
    """Return the smallest true advantage of one optimizer that is found in 80 % of the studies.

    The other optimizers are the baseline's equals. Every size of advantage sees the same noise, so that
    the power rises with it and halving the range finds where it crosses 80 %.
    """
    rng = np.random.default_rng(SEED)
    noise = differences_from_baseline(rng, normal_residuals, STUDIES, pairs)
    others = sign_flip_p(noise)

    def power(advantage: float) -> float:
        p_values = others.copy()
        p_values[:, 0] = sign_flip_p(noise[:, 0] + advantage)
        return float((holm(p_values)[:, 0] <= ALPHA).mean())

    low, high = 0, 500  # hundredths of a percentage point
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle / 100) >= POWER else (middle, high)
    return {
        "target": POWER,
        "smallest_difference_pp": high / 100,
        "sd_of_a_paired_difference_pp": round(RESIDUAL_SD * 2**0.5, 4),
        "smallest_difference_in_sds_of_the_paired_difference": round(high / 100 / (RESIDUAL_SD * 2**0.5), 3),
        "curve_pp": {f"{size / 10:.1f}": power(size / 10) for size in range(0, 21, 2)},
    }


def report(figures: dict[str, Any]) -> None:
    """Print the figures that matter."""
    for name, found in figures["no_difference"].items():
        better = found["any_false_better"]
        low, high = better["wilson_95"]
        share = f"{better['share']:.1%} of studies (95 % interval {low:.1%} to {high:.1%})"
        print(f"no difference ({name}): a false 'better' in {share}")
    for name, power in figures["power"].items():
        print(f"found with {power['target']:.0%} power by {name}: {power['smallest_difference_pp']} pp")
    print(f"written to {OUTPUT.relative_to(Path(__file__).parents[1])}")


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
