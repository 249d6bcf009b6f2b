"""The comparison against independent recomputation: by brute force, with numpy and scipy alone."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import stats

from pipeline.comparison import compare
from pipeline.comparison.measures import IMAGES_TO_LOSS, SECONDS_TO_LOSS, STEP_LEFT, TEST_ACCURACY, TEST_LOSS
from pipeline.comparison.pairs import Pair, Side, compare_families, compare_family
from pipeline.comparison.settings import ComparisonSettings, ProblemMargins
from pipeline.results.comparison import Comparison
from pipeline.results.metrics import Metrics
from pipeline.results.tables import TRAINING_CURVES
from tests import yaml_text
from tests.comparison.claims.made_up_study import LENGTH, SETTINGS, study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.measures import Measure
    from pipeline.comparison.pairs import Tested
    from pipeline.results.comparison import Difference, ProblemComparison

NO_CURVES = pd.DataFrame(columns=list(TRAINING_CURVES.columns))


def rows(quantity: str = "test", noise: float = 0.002, **levels: Any) -> dict[str, dict[str, dict[str, Any]]]:
    return {"digits": {name: {quantity: level, "noise": noise} for name, level in levels.items()}}


def compared(evidence: Evidence, curves: pd.DataFrame = NO_CURVES, problem: str = "digits") -> ProblemComparison:
    return compare.compare(evidence, curves).problems[problem]


def against_adam(evidence: Evidence, measure: str = "test_accuracy") -> Mapping[str, Difference]:
    return compared(evidence).against_baseline[measure]


def one(evidence: Evidence, measure: Measure, a: str, b: str, problem: str = "digits") -> Tested:
    return compare_family(evidence, [Pair(measure, Side(problem, (a,)), Side(problem, (b,)))])[0]


def seeds(evidence: Evidence, name: str, problem: str = "digits") -> NDArray[np.float64]:
    found = evidence.metrics.problems[problem][name].test_accuracy
    assert found is not None
    return np.array(found.seeds, dtype=np.float64)


def brute_force(table: NDArray[np.float64], margin: float) -> NDArray[np.float64]:
    """Return the step-down max-T p of every column, straight from its definition; differences, higher is better."""
    patterns = np.array(list(itertools.product([1.0, -1.0], repeat=len(table))))

    def reach(signs: NDArray[np.float64]) -> NDArray[np.float64]:
        both = [(signs @ shifted) / np.sqrt((shifted**2).sum(axis=0)) for shifted in (table - margin, -table - margin)]
        return np.maximum(*both)

    observed, everywhere = reach(np.ones(len(table))), np.array([reach(signs) for signs in patterns])
    order, floor = np.argsort(-observed), 0.0
    corrected = np.empty(table.shape[1])
    for place, column in enumerate(order):
        left = everywhere[:, order[place:]].max(axis=1)
        alone = 2 * min(
            np.mean((patterns @ shifted) >= shifted.sum() - 1e-12)
            for shifted in (table[:, column] - margin, -table[:, column] - margin)
        )
        floor = max(floor, float(np.mean(left >= observed[column] - 1e-9)), min(1.0, alone))
        corrected[column] = floor
    return corrected


def test_a_family_is_corrected_by_max_t_as_by_brute_force() -> None:
    evidence = study(rows(noise=0.02, adam=0.6, sgd=0.63, nadam=0.605, muon=0.58))
    found = against_adam(evidence)
    table = np.column_stack([seeds(evidence, name) - seeds(evidence, "adam") for name in ("sgd", "nadam", "muon")])
    expected = brute_force(table, SETTINGS.margins.accuracy)
    assert [found[name].corrected_p for name in ("sgd", "nadam", "muon")] == pytest.approx(expected, abs=1e-6)
    assert "adam" not in found


def test_a_comparison_is_the_paired_difference_with_the_interval_that_the_test_does_not_reject() -> None:
    evidence = study(rows(noise=0.02, adam=0.6, sgd=0.61))
    record = against_adam(evidence)["sgd"]
    first, second = seeds(evidence, "sgd"), seeds(evidence, "adam")
    differences = first - second
    assert record.difference == pytest.approx(100 * differences.mean(), abs=1e-5)
    low, high = record.low, record.high
    assert low is not None
    assert high is not None
    patterns = np.array(list(itertools.product([1.0, -1.0], repeat=10)))

    def rejected(shift: float) -> bool:
        shifted = differences - shift / 100
        return bool(np.mean(np.abs(patterns @ shifted) >= abs(shifted.sum()) - 1e-12) <= 0.05)

    assert [rejected(shift) for shift in (low - 1e-3, low + 1e-3, high - 1e-3, high + 1e-3)] == [
        True,
        False,
        False,
        True,
    ]
    assert record.probability_of_improvement == pytest.approx((first[:, None] > second).mean(), abs=1e-6)
    assert (record.unit, record.margin, record.pairs, record.method) == ("percentage points", 0.5, 10, "sign flips")


def test_over_problems_the_step_down_method_of_holm() -> None:
    levels = zip("abc", (0.64, 0.612, 0.6), strict=True)
    problems = {name: rows(noise=0.01, adam=0.6, sgd=level)["digits"] for name, level in levels}
    evidence = study(problems)
    families = [[Pair(TEST_ACCURACY, Side(name, ("sgd",)), Side(name, ("adam",)))] for name in "abc"]
    alone = [compare_family(evidence, family)[0].corrected for family in families]
    together = [family[0].corrected for family in compare_families(evidence, families)]
    order, expected, running = np.argsort(alone), np.empty(3), 0.0
    for place, number in enumerate(order):
        running = max(running, min(1.0, (3 - place) * alone[number]))
        expected[number] = running
    assert together == pytest.approx(expected)


def test_a_problem_stays_in_the_count_until_all_its_comparisons_are_decided() -> None:
    levels = {"adam": 0.6, "sgd": 0.7, "nadam": 0.6}
    evidence = study({name: rows(noise=0.01, **levels)["digits"] for name in "ab"})
    families = [
        [Pair(TEST_ACCURACY, Side(name, (rival,)), Side(name, ("adam",))) for rival in ("sgd", "nadam")]
        for name in "ab"
    ]
    alone = [compare_family(evidence, family) for family in families]
    together = compare_families(evidence, families)
    assert [family[0].corrected for family in together] == [2 * family[0].corrected for family in alone]
    assert all(found.corrected <= 1 for family in together for found in family)


@pytest.mark.parametrize(
    ("level", "noise", "outcome"),
    [
        (0.62, 0.002, "better"),
        (0.58, 0.002, "worse"),
        (0.601, 0.002, "no meaningful difference"),
        (0.605, 0.02, "inconclusive"),
        (0.606, 0.002, "inconclusive"),  # there is a difference, but not beyond the margin
    ],
)
def test_outcomes(level: float, noise: float, outcome: str) -> None:
    assert against_adam(study(rows(noise=noise, adam=0.6, sgd=level)))["sgd"].outcome == outcome


def test_better_means_beyond_the_margin_and_alike_within_it() -> None:
    for level in np.linspace(0.585, 0.615, 13):
        found = one(study(rows(noise=0.004, adam=0.6, sgd=float(level))), TEST_ACCURACY, "sgd", "adam")
        low, high = found.interval.low, found.interval.high
        assert low is not None
        assert high is not None
        assert (found.outcome == "better") <= (low > found.margin)
        assert (found.outcome == "worse") <= (high < -found.margin)
        assert (found.outcome == "no meaningful difference") == (-found.margin < low and high < found.margin)
        assert found.not_better == (high < found.margin)


def test_a_lower_loss_is_better() -> None:
    record = against_adam(study(rows("end", adam=0.5, sgd=0.3)), "train_loss")["sgd"]
    assert (record.outcome, record.unit) == ("better", "nats")
    assert record.difference == pytest.approx(-0.2)


def test_likeness_needs_six_pairs_and_fewer_are_tested_by_student() -> None:
    problems = {
        "digits": {name: {"test": level, "noise": 0.002, "seeds": 5} for name, level in (("adam", 0.6), ("sgd", 0.65))}
    }
    evidence = study(problems)
    record = against_adam(evidence)["sgd"]
    differences = seeds(evidence, "sgd") - seeds(evidence, "adam")
    expected = 2 * stats.ttest_1samp(differences, 0.005, alternative="greater").pvalue
    assert (record.outcome, record.method, record.pairs) == ("better", "Student's t", 5)
    assert record.corrected_p == pytest.approx(expected, abs=1e-6)
    interval = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert [record.low, record.high] == pytest.approx([100 * interval.low, 100 * interval.high], abs=1e-5)
    problems["digits"]["sgd"]["test"] = problems["digits"]["adam"]["test"]
    assert against_adam(study(problems))["sgd"].outcome == "inconclusive"


def test_a_diverged_seed_counts_as_the_worst_and_voids_nothing() -> None:
    often = study({"digits": {"adam": {"test": 0.6}, "sgd": {"test": 0.65, "diverged": range(7)}}})
    record = against_adam(often)["sgd"]
    assert record.outcome == "worse"
    assert record.difference == pytest.approx(100 * (0.3 * 0.65 - 0.6), abs=0.1)
    once = against_adam(study({"digits": {"adam": {"test": 0.6}, "sgd": {"test": 0.65, "diverged": [3]}}}))["sgd"]
    assert (once.outcome, once.pairs) == ("inconclusive", 10)


def test_a_diverged_loss_is_that_of_guessing_or_the_worst_found() -> None:
    losses = {
        "adam": {"test_loss": 1.2, "diverged": [0], "measure": "loss"},
        "sgd": {"test_loss": 2.0, "measure": "loss"},
    }
    scores = TEST_LOSS.scores(study({"digits": losses}), "digits")
    assert scores["adam"][0] == scores["sgd"].max()


def images(**reached: Any) -> dict[str, dict[str, dict[str, Any]]]:
    return {"digits": {name: {"images": [levels]} for name, levels in reached.items()}}


def test_speeds_are_compared_by_their_ratio_in_images_and_in_seconds() -> None:
    evidence = study(images(adam=30_000, sgd=20_000), steps={"adam": 1000, "sgd": 3000})
    record = against_adam(evidence, "images_to_train_loss_1")["sgd"]
    assert (record.unit, record.outcome) == ("times", "better")
    assert record.difference == pytest.approx(2 / 3, abs=1e-3)
    slower = against_adam(evidence, "seconds_to_train_loss_1")["sgd"]
    assert slower.difference == pytest.approx(2, abs=1e-2)
    assert slower.outcome == "worse"
    found = one(evidence, SECONDS_TO_LOSS[0], "adam", "sgd")
    assert np.exp(found.mean_a) == pytest.approx(30_000 * LENGTH.steps / LENGTH.images * 1e-3, rel=1e-3)


def test_a_missed_target_counts_as_the_longest_training_and_is_never_alike() -> None:
    whole = LENGTH.images
    evidence = study(images(adam=[whole * 0.99] * 10, sgd=[whole * 0.99] * 9 + [None]))
    found = one(evidence, IMAGES_TO_LOSS[0], "sgd", "adam")
    assert np.exp(found.mean_a) == pytest.approx((whole * 0.99) ** 0.9 * whole**0.1)
    assert found.outcome == "inconclusive"
    # a cheap optimizer that never arrives is not faster than a dear one that does
    dear = study(images(adam=[None] * 10, sgd=[80_000.0] * 10), steps={"adam": 1000, "sgd": 3000})
    assert one(dear, SECONDS_TO_LOSS[0], "sgd", "adam").outcome != "worse"


def test_a_target_that_both_missed_is_no_tie() -> None:
    nobody = study(images(adam=[None] * 10, sgd=[None] * 10))
    found = one(nobody, IMAGES_TO_LOSS[0], "sgd", "adam")
    assert found.outcome == "not tested"
    assert found.reason == "neither SGD nor Adam reached the target on digits"
    some = study(images(adam=[20_000.0] * 8 + [None] * 2, sgd=[40_000.0] * 8 + [None] * 2))
    assert one(some, IMAGES_TO_LOSS[0], "adam", "sgd").pairs == 8


def test_several_optimizers_are_taken_together_as_their_mean() -> None:
    evidence = study(rows(noise=0.01, adam=0.6, sgd=0.62, nesterov=0.66))
    pair = Pair(TEST_ACCURACY, Side("digits", ("sgd", "nesterov")), Side("digits", ("adam",)))
    found = compare_family(evidence, [pair])[0]
    differences = (seeds(evidence, "sgd") + seeds(evidence, "nesterov")) / 2 - seeds(evidence, "adam")
    assert found.interval.estimate == pytest.approx(differences.mean())
    assert found.corrected == pytest.approx(brute_force(differences[:, None], 0.005)[0])


def test_problems_with_fewer_seeds_share_their_first_ones() -> None:
    short, long = [0.5, 0.5, 0.5, 0.9, 0.9], [0.6, 0.6, 0.6]
    evidence = study({"short": {"adam": {"test": short, "seeds": 5}}, "long": {"adam": {"test": long, "seeds": 3}}})
    found = compare_family(evidence, [Pair(TEST_ACCURACY, Side("long", ("adam",)), Side("short", ("adam",)))])[0]
    assert (found.pairs, found.interval.estimate) == (3, pytest.approx(0.1))


def test_a_fixed_value_is_compared_on_the_scale_of_the_measure() -> None:
    evidence = study(rows("step", adam=0.25))
    found = compare_family(
        evidence, [Pair(STEP_LEFT, Side("digits", ("adam",)), Side("digits", (), "half", 0.5), 0.0)]
    )[0]
    assert np.exp(found.interval.estimate) == pytest.approx(0.5, abs=0.01)
    assert (found.outcome, found.equivalence) == ("worse", None)


def test_twins_are_named_and_left_out_of_families_and_ranks() -> None:
    own = {"test": [0.7 + 0.001 * seed for seed in range(10)]}
    evidence = study(
        {
            "digits": {
                "amsgrad": own,
                "adam": {**own, "twin_of": "amsgrad"},  # the first in the table, but the baseline stays
                "sgd": {"test": 0.6, "noise": 0.01},
                "muon": {"test": 0.65, "parameters": {"Muon": 0, "AdamW": 10}},
            }
        }
    )
    assert evidence.twins("digits") == {
        "amsgrad": "the same as Adam in every seed",
        "muon": "its rest alone: Muon has no parameters to update here",
    }
    found = against_adam(evidence)
    assert found["amsgrad"].outcome == found["muon"].outcome == "not tested"
    assert found["amsgrad"].reason == "amsgrad on digits is the same as Adam in every seed"
    alone = against_adam(study({"digits": {"adam": own, "sgd": {"test": 0.6, "noise": 0.01}}}))["sgd"]
    assert found["sgd"].corrected_p == alone.corrected_p
    ranking = compared(evidence).ranking
    assert list(ranking.placed) == ["adam", "sgd"]
    assert set(ranking.left_out) == {"amsgrad", "muon"}


def test_who_is_behind_with_a_rate_on_the_border_is_not_called_worse() -> None:
    levels: dict[str, dict[str, Any]] = {"adam": {"test": 0.6}, "sgd": {"test": 0.5, "on_border": True}}
    record = against_adam(study({"digits": levels}))["sgd"]
    assert record.outcome == "inconclusive"
    assert record.reason == "the best learning rate of SGD on digits lies on the border of those tried"
    levels["sgd"]["test"] = 0.7
    assert against_adam(study({"digits": levels}))["sgd"].outcome == "better"


@pytest.mark.parametrize("missing", ["adam", "measure"])
def test_what_cannot_be_compared_has_a_reason_and_no_numbers(missing: str) -> None:
    found = study(rows(sgd=0.6, nadam=0.6) if missing == "adam" else images(sgd=20_000, adam=20_000))
    measure, reason = {
        "adam": (TEST_ACCURACY, "Adam took no part in digits"),
        "measure": (SECONDS_TO_LOSS[0], "the seconds to a training loss of 2 of SGD on digits was not measured"),
    }[missing]
    tested = one(found, measure, "sgd", "adam")
    assert (tested.outcome, tested.reason) == ("not tested", reason)


def by_loss(evidence: Evidence, *, regression: bool) -> Evidence:
    """Return evidence of problems that are judged by their loss; a regression has no accuracy."""
    accuracies = ("test_accuracy", "train_accuracy", "validation_accuracy", "best_train_accuracy", "generalization_gap")
    changed = {"measure": "loss", **(dict.fromkeys(accuracies) if regression else {})}
    found = {
        problem: {name: row.model_copy(update=changed) for name, row in own.items()}
        for problem, own in evidence.metrics.problems.items()
    }
    return replace(evidence, metrics=Metrics(problems=found))


@pytest.mark.parametrize(("regression", "unit"), [(True, "squared error"), (False, "nats")])
def test_the_loss_stands_for_the_accuracy_where_a_problem_is_judged_by_it(regression: bool, unit: str) -> None:
    levels = {"adam": 0.5, "sgd": 0.3, "muon": 0.7}
    problems = {name: {"test_loss": loss, "validation_loss": loss, "end": loss} for name, loss in levels.items()}
    trials = {"digits": {name: [loss] * 12 for name, loss in levels.items()}}
    evidence = by_loss(study({"digits": problems}, trials=trials), regression=regression)
    problem = compared(evidence)
    assert {name: record.outcome for name, record in problem.differences.items()} == {"sgd": "better", "muon": "worse"}
    names = {"test_loss", "validation_loss", "train_loss", "generalization_gap", "gap_at_equal_fit", "area"}
    assert {name for name in problem.against_baseline if not name.endswith("accuracy")} >= names
    assert not {"test_accuracy", "validation_accuracy", "train_accuracy"} & set(problem.against_baseline)
    assert {record.unit for name in names for record in problem.against_baseline[name].values()} == {unit}
    assert problem.against_baseline["one_trial"]["sgd"].difference == pytest.approx(-0.2)
    assert problem.searches["muon"].expected_best == (0.7,) * 12
    assert list(problem.ranking.placed) == ["sgd", "adam", "muon"]
    assert problem.ranking.placed["muon"].behind == pytest.approx(0.4 / SETTINGS.margins.loss)
    # a claim asks for the accuracy, with a margin of accuracies
    found = one(evidence, TEST_ACCURACY, "sgd", "adam")
    assert (found.measure.name, found.margin) == ("test_loss", SETTINGS.margins.loss)


def test_the_gap_of_a_loss_is_test_minus_training() -> None:
    problems = {name: {"test_loss": 1.2, "end": end} for name, end in (("adam", 1.1), ("sgd", 0.8))}
    found = against_adam(by_loss(study({"digits": problems}), regression=True), "generalization_gap")["sgd"]
    assert (found.outcome, found.difference) == ("worse", pytest.approx(0.3))


def test_accuracies_are_compared_as_ever_beside_a_problem_that_is_judged_by_its_loss() -> None:
    own = rows(adam=0.6, sgd=0.65)["digits"]
    digits = by_loss(study({"digits": own}), regression=True)
    cifar10 = study({"cifar10": own})
    both = replace(cifar10, metrics=Metrics(problems={**digits.metrics.problems, **cifar10.metrics.problems}))
    assert compared(both, problem="cifar10") == compared(cifar10, problem="cifar10")
    assert "test_accuracy" not in compared(both).against_baseline
    # one claim over both problems: each by its own measure
    pairs = [[Pair(TEST_ACCURACY, Side(name, ("sgd",)), Side(name, ("adam",)))] for name in ("cifar10", "digits")]
    assert [found[0].measure.name for found in compare_families(both, pairs)] == ["test_accuracy", "test_loss"]


def test_a_problems_own_margin_comes_before_the_common_one() -> None:
    settings = SETTINGS.model_copy(update={"problem_margins": {"digits": ProblemMargins(accuracy=0.05)}})
    assert settings.margin("accuracy", "digits") == 0.05
    assert settings.margin("accuracy", "cifar10") == 0.005
    assert settings.margin("loss", "digits") == 0.02


def test_the_gap_at_equal_training_results_is_what_the_common_line_leaves() -> None:
    levels = {f"row{place}": {"train": 0.5 + 0.05 * place, "test": 0.45 + 0.04 * place} for place in range(5)}
    evidence = study({"digits": {**levels, "adam": {"train": 0.7, "test": 0.5}, "sgd": {"train": 0.6, "test": 0.53}}})
    found = against_adam(evidence, "gap_at_equal_fit")["sgd"]
    metrics = evidence.metrics.problems["digits"]
    fits = {name: np.array(own.train_accuracy.seeds) for name, own in metrics.items() if own.train_accuracy}
    gaps = {name: fits[name] - np.array(own.test_accuracy.seeds) for name, own in metrics.items() if own.test_accuracy}
    line = stats.linregress(np.concatenate(list(fits.values())), np.concatenate(list(gaps.values())))
    left = {name: gaps[name] - line.slope * fits[name] for name in ("adam", "sgd")}
    assert found.difference == pytest.approx(100 * (left["sgd"] - left["adam"]).mean(), abs=1e-4)


def test_the_ranking_groups_those_that_are_not_told_apart_from_the_first() -> None:
    ranking = compared(study(rows(noise=0.005, muon=0.7, adam=0.699, nadam=0.65, sgd=0.6))).ranking
    assert {name: own.group for name, own in ranking.placed.items()} == {"muon": 1, "adam": 1, "nadam": 2, "sgd": 3}
    assert ranking.placed["nadam"].behind == pytest.approx(10)
    interval = ranking.placed["muon"]
    assert (interval.low or 0) < 0.7 < (interval.high or 0)


def test_ranks_over_problems_take_those_that_all_took_part_in() -> None:
    three = rows(adam=0.6, sgd=0.5, nadam=0.7)["digits"]
    evidence = study({"cifar10": three, "digits": three, "cifar10_longer": {"adam": {"test": 0.1}}})
    ranking = compare.compare(evidence, NO_CURVES).ranking
    assert ranking.problems == ("cifar10", "digits")
    assert ranking.ranks == {"nadam": 1, "adam": 2, "sgd": 3}
    assert ranking.blocks == {"nadam": 2, "adam": 2, "sgd": 2}


def test_searches_tell_what_a_budget_buys() -> None:
    results = [0.1, 0.2, 0.3, 0.4, 0.5, 0.59, 0.6, 0.5, 0.4, 0.3, 0.1, None]
    evidence = study(rows(adam=0.6), trials={"digits": {"adam": results}})
    found = compared(evidence).searches["adam"]
    known = np.array([0.0 if value is None else value for value in results])
    assert found.trials == 12
    assert found.expected_best[0] == pytest.approx(known.mean(), abs=1e-6)
    pairs = [max(a, b) for a, b in itertools.product(known, known)]
    assert found.expected_best[1] == pytest.approx(np.mean(pairs), abs=1e-6)
    assert found.good_settings == pytest.approx(2 / 12, abs=1e-6)
    assert found.decade_off == pytest.approx(known[[0, 1, 2, 3, 4, 8, 9, 10, 11]].mean(), abs=0.1)
    assert found.default is None


def test_at_equal_seconds_each_is_read_when_the_cheapest_has_finished() -> None:
    curves = pd.DataFrame(
        [
            {
                "problem": "digits",
                "optimizer": name,
                "images": seen,
                "train_loss": (1 if name == "sgd" else 2) - seen / 96_000,
                "validation_accuracy": seen / 192_000,
            }
            for name in ("adam", "sgd")
            for seen in (0, 48_000, 96_000)
        ],
        columns=list(TRAINING_CURVES.columns),
    )
    evidence = study(rows(adam=0.6, sgd=0.5), steps={"adam": 2000, "sgd": 1000})
    found = compared(evidence, curves).at_equal_seconds
    assert found is not None
    assert found.seconds == pytest.approx(LENGTH.steps * 1e-3)
    assert found.share == {"sgd": 1, "adam": 0.5}
    # a loss of nothing is a result as well
    assert found.train_loss == {"sgd": 0, "adam": 1.5}
    assert list(found.validation_accuracy) == ["sgd", "adam"]
    assert compared(study(rows(adam=0.6))).at_equal_seconds is None


def test_the_same_results_give_the_same_numbers_and_intervals_know_nobody_else() -> None:
    levels = {"adam": 0.6, "sgd": 0.61}
    alone = compare.compare(study(rows(noise=0.02, **levels)), NO_CURVES)
    assert compare.compare(study(rows(noise=0.02, **levels)), NO_CURVES) == alone
    among = against_adam(study(rows(noise=0.02, **levels, nadam=0.55)))["sgd"]
    own = alone.problems["digits"].against_baseline["test_accuracy"]["sgd"]
    assert (among.low, among.high, among.p) == (own.low, own.high, own.p)


def test_every_number_of_the_file_has_six_decimals_at_most(tmp_path: Path) -> None:
    found = compare.compare(study(rows(noise=0.02, adam=0.6, sgd=0.6123, nadam=0.6)), NO_CURVES)
    found.write(tmp_path / "comparison.json")
    decimals = re.findall(r"\d\.(\d+)", (tmp_path / "comparison.json").read_text())
    assert max(map(len, decimals)) == 6
    assert Comparison.read(tmp_path / "comparison.json") == found


@pytest.mark.parametrize(
    "change",
    [
        {"alpha": 0.7},
        {"margins": {**SETTINGS.margins.model_dump(), "speed": 0.9}},
        {"margins": {**SETTINGS.margins.model_dump(), "accuracy": 0}},
        {"problem_margins": {"digits": {"accuracy": 2}}},
        {"problem_margins": {"digits": {"speed": 1.2}}},
        {"adaptive": ["sgd"]},
        {"assignment_accuracy": 47},
        {"unknown": 1},
    ],
)
def test_settings_out_of_range_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ComparisonSettings.model_validate({**SETTINGS.model_dump(), **change})


def test_the_projects_own_settings_are_valid_and_name_what_is_there() -> None:
    content = yaml_text.load((Path(__file__).parents[2] / "params.yaml").read_text(encoding="utf-8"))
    settings = ComparisonSettings.model_validate(content["comparison"])
    assert {settings.baseline, *settings.adaptive, *settings.not_adaptive} <= set(content["optimizers"])
    assert set(settings.problem_margins) <= set(content["problems"])
