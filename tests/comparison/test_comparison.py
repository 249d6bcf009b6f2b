from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from pipeline.comparison import compare, measures
from pipeline.comparison.pairs import Entry, compare_entries, compare_with_value
from pipeline.comparison.settings import ComparisonSettings
from pipeline.results.comparison import Comparison, Search
from pipeline.results.metrics import Metrics
from tests.comparison.claims.made_up_study import LENGTH, SETTINGS, made_up_metrics

NO_TRIALS = pd.DataFrame(columns=["problem", "optimizer", "learning_rate", "validation_accuracy", "diverged_at"])


def metrics(problems):
    """Return metrics; a test accuracy and a training loss are in all of them, as in any study."""
    return made_up_metrics(
        {
            problem: {name: {**whole(arguments), **arguments} for name, arguments in optimizers.items()}
            for problem, optimizers in problems.items()
        }
    )


def whole(arguments):
    accuracy = arguments.get("test_accuracy", 0.5)
    losses = [1.0] * (arguments.get("seeds", 10) if isinstance(accuracy, float) else len(accuracy))
    return {"test_accuracy": accuracy, "train_loss": losses}


def changed(found, optimizer, **changes):
    """Return metrics with an optimizer changed on the digits."""
    rows = found.problems["digits"]
    return Metrics(problems={"digits": {**rows, optimizer: rows[optimizer].model_copy(update=changes)}})


def accuracies(noise=0.002, **levels):
    return metrics({"digits": {name: {"test_accuracy": level, "noise": noise} for name, level in levels.items()}})


def against_adam(found, measure="test_accuracy", problem="digits", trials=NO_TRIALS):
    return compare.compare(SETTINGS, found, trials).problems[problem].against_baseline[measure]


def all_sign_patterns(differences):
    """Return the exact two-sided p by listing every pattern."""
    observed = abs(np.mean(differences))
    signs = np.array(list(itertools.product([1, -1], repeat=len(differences))))
    return float(np.mean(np.abs((signs * differences).mean(axis=1)) >= observed - 1e-12))


def test_a_comparison_is_the_paired_difference_to_the_baseline():
    found = accuracies(0.02, adam=0.6, sgd=0.61)
    record = against_adam(found)["sgd"]
    first, second = (np.array(found.problems["digits"][name].test_accuracy.seeds) for name in ("sgd", "adam"))
    assert record.difference == pytest.approx(100 * (first - second).mean(), abs=1e-5)
    assert record.low < record.difference < record.high
    assert record.p == pytest.approx(all_sign_patterns(first - second), abs=1e-6)
    assert record.probability_of_improvement == pytest.approx((first[:, None] > second).mean(), abs=1e-6)
    assert (record.unit, record.pairs, record.reason) == ("percentage points", 10, None)
    assert "adam" not in against_adam(found)


def test_p_is_corrected_over_the_optimizers_of_a_problem_and_measure():
    found = against_adam(accuracies(adam=0.6, sgd=0.7, nadam=0.5, muon=0.65))
    assert [record.p for record in found.values()] == [pytest.approx(2 / 1024, abs=1e-6)] * 3
    assert [record.corrected_p for record in found.values()] == [pytest.approx(6 / 1024, abs=1e-6)] * 3


@pytest.mark.parametrize(
    ("level", "noise", "outcome"),
    [
        (0.62, 0.002, "better"),
        (0.58, 0.002, "worse"),
        (0.601, 0.002, "no meaningful difference"),
        (0.605, 0.02, "inconclusive"),
    ],
)
def test_outcomes(level, noise, outcome):
    assert against_adam(accuracies(noise, adam=0.6, sgd=level))["sgd"].outcome == outcome


def test_a_lower_loss_is_better():
    found = metrics({"digits": {"adam": {"train_loss": 0.5}, "sgd": {"train_loss": 0.3}}})
    record = against_adam(found, "train_loss")["sgd"]
    assert record.outcome == "better"
    assert record.difference == pytest.approx(-0.2)


def test_times_are_compared_by_their_ratio_and_missed_targets_count_to_the_end():
    images = [LENGTH // 3] * 9 + [None]
    found = metrics({"digits": {"adam": {"to_loss": [30_000] * 10}, "sgd": {"to_loss": images}}})
    record = against_adam(found, "images_to_train_loss")["sgd"]
    assert record.unit == "times"
    assert record.difference == pytest.approx(3 ** (1 / 10), abs=1e-6)


def test_a_target_that_neither_reached_is_no_tie():
    found = metrics({"digits": {"adam": {"to_loss": [None] * 10}, "sgd": {"to_loss": [None] * 10}}})
    record = against_adam(found, "images_to_train_loss")["sgd"]
    assert record.outcome == "not tested"
    assert "neither sgd nor adam reached the target on digits in 10 of 10 seeds" in record.reason


def test_a_missed_target_of_a_training_of_unknown_length_is_no_time():
    found = metrics({"digits": {"adam": {"to_loss": 3000}, "sgd": {"to_loss": [None] * 10}}})
    for name, row in found.problems["digits"].items():
        found = changed(found, name, convergence=row.convergence.model_copy(update={"length": None}))
    assert "length of the trainings is unknown" in against_adam(found, "images_to_train_loss")["sgd"].reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"on_edge": True}, "edge of its grid"),
        ({"diverged": 2}, "sgd diverged in 2 seed"),
        ({"test_accuracy": [0.6] * 9 + [None]}, "has no test accuracy"),
    ],
)
def test_what_cannot_be_compared_has_a_reason_and_no_numbers(change, reason):
    arguments = {"test_accuracy": 0.6, **change}
    record = against_adam(metrics({"digits": {"adam": {"test_accuracy": 0.5}, "sgd": arguments}}))["sgd"]
    assert record.outcome == "not tested"
    assert reason in record.reason
    assert [getattr(record, name) for name in ("difference", "low", "high", "p", "corrected_p")] == [None] * 5


def test_one_seed_is_no_comparison():
    found = metrics({"digits": {name: {"test_accuracy": [0.6]} for name in ("adam", "sgd")}})
    assert "share 1 seed on digits" in against_adam(found)["sgd"].reason


def test_an_edge_of_the_baseline_voids_every_comparison_and_the_family_counts_only_tests():
    edge = {"digits": {"adam": {"test_accuracy": 0.5, "on_edge": True}, "sgd": {"test_accuracy": 0.6}}}
    assert against_adam(metrics(edge))["sgd"].outcome == "not tested"
    one_left = changed(accuracies(adam=0.5, sgd=0.6, nadam=0.6), "nadam", diverged=1)
    assert against_adam(one_left)["sgd"].corrected_p == pytest.approx(2 / 1024, abs=1e-6)


def test_a_problem_without_the_baseline_says_so():
    record = against_adam(accuracies(sgd=0.6, nadam=0.6))["sgd"]
    assert record.reason == "adam took no part in digits"


def test_problems_with_fewer_seeds_share_their_first_ones():
    found = metrics(
        {
            "cifar10": {"adam": {"test_accuracy": [0.5, 0.5, 0.5, 0.9, 0.9]}},
            "cifar10_longer": {"adam": {"test_accuracy": [0.6, 0.6, 0.6], "seeds": 3}},
        }
    )
    pair = compare_entries(
        SETTINGS, found, Entry("cifar10_longer", "adam"), Entry("cifar10", "adam"), measures.TEST_ACCURACY
    )
    assert pair.found.pairs == 3
    assert pair.found.difference == pytest.approx(0.1)


def test_a_fixed_value_is_compared_on_the_scale_of_the_measure():
    found = metrics({"digits": {"adam": {"step": 0.25}}})
    pair = compare_with_value(SETTINGS, found, Entry("digits", "adam"), 0.5, "half", measures.STEP_LEFT)
    assert pair.effect()[0] == pytest.approx(0.5, abs=0.01)
    assert pair.b == Entry("digits", "half")


def test_the_same_results_give_the_same_numbers_whoever_else_takes_part():
    levels = {"adam": 0.6, "sgd": 0.61}
    alone = compare.compare(SETTINGS, accuracies(0.02, **levels), NO_TRIALS)
    assert compare.compare(SETTINGS, accuracies(0.02, **levels), NO_TRIALS) == alone
    among = against_adam(accuracies(0.02, **levels, nadam=0.55))["sgd"]
    own = against_adam(accuracies(0.02, **levels))["sgd"]
    assert (among.low, among.high, among.p) == (own.low, own.high, own.p)


def test_every_number_of_the_file_has_six_decimals_at_most(tmp_path):
    found = compare.compare(SETTINGS, accuracies(0.02, adam=0.6, sgd=0.6123, nadam=0.6), NO_TRIALS)
    found.write(tmp_path / "comparison.json")
    decimals = re.findall(r"\d\.(\d+)", (tmp_path / "comparison.json").read_text())
    assert max(map(len, decimals)) == 6
    assert Comparison.read(tmp_path / "comparison.json") == found


def test_mean_ranks_over_seeds_put_a_diverged_seed_last():
    found = metrics(
        {
            "digits": {
                "adam": {"test_accuracy": [0.9, 0.9, 0.9]},
                "sgd": {"test_accuracy": [0.8, 0.8, 0.8]},
                "nadam": {"test_accuracy": [0.95, 0.95, 0.0], "train_loss": [0.1, 0.1, None], "diverged": 1},
            }
        }
    )
    ranking = compare.compare(SETTINGS, found, NO_TRIALS).problems["digits"].ranking
    assert ranking.ranks == {
        "nadam": pytest.approx(5 / 3, abs=1e-6),
        "adam": pytest.approx(5 / 3, abs=1e-6),
        "sgd": pytest.approx(8 / 3, abs=1e-6),
    }
    # Demšar (2006), table 5: q = 2.343 for three
    assert ranking.critical_difference == pytest.approx(2.343 * np.sqrt(3 * 4 / (6 * 3)), abs=1e-3)
    assert ranking.blocks == 3


def test_ranks_leave_out_who_ended_on_the_edge_and_need_three():
    found = changed(accuracies(adam=0.6, sgd=0.5, nadam=0.7), "nadam", on_edge=True)
    ranking = compare.compare(SETTINGS, found, NO_TRIALS).problems["digits"].ranking
    assert ranking.ranks == {}
    assert ranking.left_out == ("nadam",)
    assert "three and two are needed" in ranking.reason


def test_ranks_over_problems_take_those_that_all_took_part_in():
    levels = {"adam": 0.6, "sgd": 0.5, "nadam": 0.7}
    three = {name: {"test_accuracy": level} for name, level in levels.items()}
    found = metrics({"cifar10": three, "digits": three, "cifar10_longer": {"adam": {"test_accuracy": 0.1}}})
    ranking = compare.compare(SETTINGS, found, NO_TRIALS).ranking
    assert ranking.problems == ("cifar10", "digits")
    assert ranking.ranks == {"nadam": 1, "adam": 2, "sgd": 3}
    assert ranking.blocks == 2


def test_searches_tell_tolerance_and_what_a_budget_buys():
    trials = pd.DataFrame(
        {
            "problem": "digits",
            "optimizer": ["adam"] * 4 + ["sgd"],
            "learning_rate": [0.001, 0.01, 0.1, 1.0, 0.1],
            "validation_accuracy": [0.59, 0.6, 0.5, 0.0, 0.3],
            "diverged_at": [np.nan, np.nan, np.nan, 17, np.nan],
        }
    )
    found = compare.compare(SETTINGS, accuracies(adam=0.6, sgd=0.5), trials).problems["digits"].searches
    # good down to 0.58: the decade below the best, and a fifth of the one above
    assert found["adam"].tolerance.decades == pytest.approx(1.2)
    assert (found["adam"].tolerance.open_low, found["adam"].tolerance.open_high) == (True, False)
    assert found["adam"].expected_best[0] == pytest.approx((0.59 + 0.6 + 0.5) / 4)
    assert found["adam"].expected_best[-1] < 0.6
    assert found["sgd"].trials == 1
    assert found["sgd"].tolerance is None


def test_a_search_that_only_diverged_has_no_tolerance():
    trials = pd.DataFrame(
        {
            "problem": "digits",
            "optimizer": "adam",
            "learning_rate": [0.1, 1.0],
            "validation_accuracy": [0.0, 0.0],
            "diverged_at": [3, 4],
        }
    )
    found = compare.compare(SETTINGS, accuracies(adam=0.6), trials).problems["digits"].searches["adam"]
    assert found == Search(trials=2, tolerance=None, expected_best=(0.0, 0.0))


@pytest.mark.parametrize(
    "change",
    [
        {"alpha": 0.7},
        {"margins": {**SETTINGS.margins.model_dump(), "speed": 0.9}},
        {"margins": {**SETTINGS.margins.model_dump(), "accuracy": 0}},
        {"adaptive": ["sgd"]},
        {"assignment_accuracy": 47},
        {"unknown": 1},
    ],
)
def test_settings_out_of_range_are_refused(change):
    with pytest.raises(ValidationError):
        ComparisonSettings.model_validate({**SETTINGS.model_dump(), **change})


def test_the_projects_own_settings_are_valid_and_name_their_baseline():
    content = yaml.safe_load((Path(__file__).parents[2] / "params.yaml").read_text(encoding="utf-8"))
    settings = ComparisonSettings.model_validate(content["comparison"])
    rows = content["optimizers"]
    assert settings.baseline in rows
    assert set(settings.adaptive) | set(settings.not_adaptive) <= set(rows)


def by_loss(found, *, regression):
    """Return metrics of the digits, judged by their test loss, that of training; a regression has no accuracy."""
    update = {"measure": "loss", **(dict.fromkeys(("test_accuracy", "generalization_gap")) if regression else {})}
    rows = found.problems["digits"].items()
    return Metrics(
        problems={
            "digits": {name: row.model_copy(update={**update, "test_loss": row.train_loss}) for name, row in rows}
        }
    )


@pytest.mark.parametrize(("regression", "unit"), [(True, "squared error"), (False, "nats")])
def test_the_loss_stands_for_the_accuracy_where_a_problem_is_judged_by_it(regression, unit):
    levels = {"adam": {"train_loss": 0.5}, "sgd": {"train_loss": 0.3}, "muon": {"train_loss": 0.7}}
    found = by_loss(metrics({"digits": levels}), regression=regression)
    compared = compare.compare(SETTINGS, found, NO_TRIALS)
    problem = compared.problems["digits"]
    assert {name: record.outcome for name, record in problem.differences.items()} == {"sgd": "better", "muon": "worse"}
    assert {record.unit for record in problem.differences.values()} == {unit}
    assert ("generalization_gap" in problem.against_baseline) != regression
    assert list(problem.ranking.ranks) == ["sgd", "adam", "muon"]
    # a claim asks for the accuracy, with a margin of accuracies
    pair = compare_entries(
        SETTINGS, found, Entry("digits", "sgd"), Entry("digits", "adam"), measures.TEST_ACCURACY, margin=0.5
    )
    assert (pair.measure.name, pair.found.margin) == ("test_loss", SETTINGS.margins.loss)


def test_accuracies_are_compared_as_ever_beside_a_problem_that_is_judged_by_its_loss():
    digits = by_loss(metrics({"digits": {"adam": {}, "sgd": {}}}), regression=True)
    both = Metrics(problems={**digits.problems, **metrics({"cifar10": {"adam": {}, "sgd": {}}}).problems})
    compared = compare.compare(SETTINGS, both, NO_TRIALS)
    assert "test_accuracy" in compared.problems["cifar10"].against_baseline
    assert "test_accuracy" not in compared.problems["digits"].against_baseline
