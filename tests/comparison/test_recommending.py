"""What is recommended, on made-up results for every outcome and on the committed ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.comparison.recommending import recommendations
from pipeline.results.cost import Cost, Ratio, StepCost
from pipeline.results.metrics import Metrics
from pipeline.results.recommendations import Recommendations
from pipeline.results.tables import LEARNING_RATES
from tests.comparison.claims.made_up_study import around, study
from tests.conftest import ROOT

PEAK = [0.2, 0.5, 0.6, 0.5, 0.2]
RATES = [0.001, 0.01, 0.1, 1.0, 10.0]


def level(value, **others):
    return {"test_accuracy": value, "validation_accuracy": value, **others}


def trials(searches, losses=False):
    """Return a table of trials; `searches` is {optimizer: scores}, None for one that diverged."""
    rows = [
        {
            "problem": "cifar10",
            "optimizer": name,
            "learning_rate": rate,
            "validation_accuracy": None if losses or score is None else score,
            "validation_loss": score if losses else None,
            "diverged_at": 7.0 if score is None else None,
            "chosen": False,
        }
        for name, scores in searches.items()
        for rate, score in zip(RATES, scores, strict=False)
    ]
    # the order of the rows carries no meaning
    return pd.DataFrame(rows[::-1], columns=list(LEARNING_RATES.columns))


def recommended(optimizers, searches=None, cost=None, **tuned_on):
    searches = searches or dict.fromkeys(optimizers, PEAK)
    return recommendations(study({"cifar10": optimizers}, cost=cost), trials(searches), tuned_on).problems["cifar10"]


def standings(budget):
    return {choice.optimizer: choice.standing for choice in budget.choices}


def step_cost(ratio):
    nothing = Ratio(median=ratio, low=None, high=None)
    return StepCost(
        step_ratio=nothing,
        optimizer_ratio=nothing,
        microseconds_per_step=None,
        microseconds_optimizer=None,
        state_bytes_per_parameter=8.0,
        rounds=(),
    )


def test_a_clear_winner_leaves_the_others_behind():
    found = recommended({"adam": level(0.60), "sgd": level(0.55), "muon": level(0.58)})
    assert [budget.trials for budget in found.budgets] == [1, 2, 3, 4, 5]
    assert [budget.whole_search for budget in found.budgets] == [False] * 4 + [True]
    assert standings(found.budgets[-1]) == {"adam": "best", "muon": "worse", "sgd": "worse"}
    # sign-flip test of ten seeds, Holm over two
    assert [choice.corrected_p for choice in found.budgets[-1].choices] == [None, 0.003906, 0.003906]


def test_equals_are_named_apart_from_those_that_nobody_can_tell_apart():
    found = recommended(
        {
            "adam": level(0.600, noise=0.001),
            "sgd": level(0.599, noise=0.001),
            "muon": level(0.595, noise=0.03),
            "nadam": level(0.50),
        }
    )
    assert standings(found.budgets[-1]) == {
        "adam": "best",
        "sgd": "no meaningful difference",
        "muon": "inconclusive",
        "nadam": "worse",
    }


def test_the_best_on_validation_examples_may_be_behind_on_test_examples():
    found = recommended({"adam": level(0.60), "sgd": {"validation_accuracy": 0.598, "test_accuracy": 0.65}})
    assert standings(found.budgets[-1]) == {"adam": "best", "sgd": "better"}


def test_few_trials_favour_the_optimizer_that_forgives():
    found = recommended(
        {"adam": level(0.60), "sgd": level(0.55)}, {"adam": [0.1, 0.1, 0.6, 0.1, 0.1], "sgd": [0.54, 0.55, 0.54]}
    )
    assert [budget.choices[0].optimizer for budget in found.budgets] == ["sgd", "sgd", "sgd", "sgd", "adam"]
    assert standings(found.budgets[0])["adam"] == "worse"
    # a search that has ended stays at its result
    ended = [choice.expected for budget in found.budgets for choice in budget.choices if choice.optimizer == "sgd"]
    assert ended[2:] == [0.55] * 3


def test_the_expected_result_and_its_range_by_hand():
    found = recommended({"adam": level(0.58)}, {"adam": [0.3, 0.6, 0.5]})
    final = np.array(around(0.58, seed=1))
    reach = stats.t.ppf(0.975, 9) * final.std(ddof=1) * np.sqrt(1.1)
    one, two, three = (budget.choices[0] for budget in found.budgets)
    # the level is that of the fresh seeds, 0.02 below the search's
    assert one.expected == pytest.approx((0.28 + 0.58 + 0.48) / 3, abs=1e-6)
    assert two.expected == pytest.approx((2 * 0.58 + 0.48) / 3, abs=1e-6)
    assert three.expected == pytest.approx(0.58, abs=1e-6)
    assert (one.low, one.high) == pytest.approx((0.28 - reach, 0.58 + reach), abs=1e-6)
    assert (two.low, two.high) == pytest.approx((0.48 - reach, 0.58 + reach), abs=1e-6)
    assert (three.low, three.high) == pytest.approx((0.58 - reach, 0.58 + reach), abs=1e-6)


def test_one_seed_of_a_search_leaves_small_differences_open():
    # the mean of ten seeds tells the two apart, a single one does not
    optimizers = {"adam": level(0.600, noise=0.006), "sgd": level(0.590, noise=0.006)}
    found = recommended(optimizers)
    assert standings(found.budgets[0])["sgd"] == "inconclusive"
    assert standings(found.budgets[-1])["sgd"] == "worse"


def test_the_cheaper_one_comes_first_among_equals():
    seeds = [0.6, 0.61, 0.62] * 3
    twins = {"adam": level(seeds), "sgd": level(seeds)}
    for cheap, dear in (("adam", "sgd"), ("sgd", "adam")):
        found = recommended(twins, cost=Cost(optimizers={cheap: step_cost(1.0), dear: step_cost(1.2)}))
        assert standings(found.budgets[-1]) == {cheap: "best", dear: "no meaningful difference"}
        assert found.candidates[dear].step_ratio == 1.2
    assert recommended(twins).candidates["adam"].step_ratio is None


def test_an_edge_a_divergence_and_a_missing_search_are_left_out_and_said():
    found = recommended(
        {
            "adam": level(0.5),
            "sgd": level(0.9, on_edge=True),
            "muon": level(0.9, diverged=2),
            "nadam": level(0.9),
            "radam": level(None),
        },
        dict.fromkeys(("adam", "sgd", "muon", "radam"), PEAK),
    )
    assert standings(found.budgets[-1]) == {"adam": "best"}
    assert {name: candidate.left_out for name, candidate in found.candidates.items()} == {
        "adam": None,
        "sgd": "its best learning rate lies on the edge of those tried: a better one may lie beyond",
        "muon": "2 of its 10 final trainings diverged",
        "nadam": "its search is not in the results",
        "radam": "its validation accuracy was not measured",
    }


def test_there_is_no_evidence_where_everything_lies_on_an_edge_or_the_budget_is_too_large():
    found = recommended({"adam": level(0.5, on_edge=True), "sgd": level(0.6, on_edge=True)})
    assert found.budgets == ()
    (nothing,) = Recommendations(problems={"cifar10": found}).at().problems["cifar10"].budgets
    assert nothing.choices == ()
    assert "Adam: its best learning rate lies on the edge" in nothing.reason
    (beyond,) = (
        Recommendations(problems={"cifar10": recommended({"adam": level(0.5)})}).at(6).problems["cifar10"].budgets
    )
    assert (beyond.choices, beyond.reason) == ((), "the searches made 5 trials at most")


def test_good_rates_are_those_around_the_best_without_a_gap():
    found = recommended(
        {"adam": level(0.6), "sgd": level(0.6), "muon": level(0.6)},
        {
            "adam": [0.60, 0.3, 0.59, 0.6001, 0.2],
            "sgd": [0.1, 0.2, 0.59, 0.6, 0.585],
            "muon": [0.1, None, 0.6, None, 0.6],
        },
    ).candidates
    rates = {name: (one.search_from, one.search_to, one.open_low, one.open_high) for name, one in found.items()}
    assert rates == {
        "adam": (0.1, 1.0, False, False),
        "sgd": (0.1, 10.0, False, True),
        "muon": (0.1, 0.1, False, False),
    }


def test_a_single_seed_gives_no_range_and_no_test():
    found = recommended({"adam": level(0.6, seeds=1), "sgd": level(0.5, seeds=1)})
    for budget in found.budgets:
        assert standings(budget) == {"adam": "best", "sgd": "inconclusive"}
        assert {(choice.low, choice.corrected_p) for choice in budget.choices} == {(None, None)}


def test_a_problem_without_accuracies_goes_by_its_loss():
    evidence = study({"cifar10": {"adam": level(None), "sgd": level(None)}})
    entries = {
        name: found.model_copy(
            update={"test_loss": found.test_loss.model_copy(update={"seeds": tuple(around(loss, seed=1))})}
        )
        for (name, found), loss in zip(evidence.metrics.problems["cifar10"].items(), (0.5, 0.9), strict=True)
    }
    evidence = type(evidence)(evidence.settings, Metrics(problems={"cifar10": entries}), evidence.comparison)
    # what diverged counts as the worst loss of all
    table = trials({"adam": [0.8, 0.5, None], "sgd": [0.9, 1.5, 1.2]}, losses=True)
    found = recommendations(evidence, table, {}).problems["cifar10"]
    first, last = found.budgets[0].choices[0], found.budgets[-1]
    assert found.measure == "loss"
    assert first.expected == pytest.approx((0.8 + 0.5 + 1.5) / 3)
    assert first.low < 0.5 < 1.5 < first.high
    assert [choice.expected for choice in last.choices] == pytest.approx([0.5, 0.9])
    assert standings(last) == {"adam": "best", "sgd": "worse"}
    assert (found.candidates["adam"].search_from, found.candidates["adam"].search_to) == (0.01, 0.01)


def test_a_search_near_another_problems_rate_says_so():
    assert recommended({"adam": level(0.6)}, cifar10="digits").tuned_on == "digits"


def test_the_committed_recommendations_follow_from_the_committed_results():
    found = Recommendations.read(ROOT / Recommendations.PATH)
    metrics = Metrics.read(ROOT / Metrics.PATH)
    assert list(found.problems) == list(metrics.problems)
    for name, problem in found.problems.items():
        last = problem.budgets[-1]
        best = last.choices[0]
        means = {o: one.validation_accuracy.mean for o, one in metrics.problems[name].items() if not one.on_edge}
        assert best.expected == pytest.approx(max(means.values()), abs=2e-6)
        # more trials never make an optimizer worse
        for optimizer in problem.candidates:
            curve = [c.expected for budget in problem.budgets for c in budget.choices if c.optimizer == optimizer]
            assert curve == sorted(curve)


def test_a_table_has_a_row_per_choice_and_one_for_no_evidence():
    found = Recommendations(problems={"cifar10": recommended({"adam": level(0.6), "sgd": level(0.5)})})
    frame = found.at().to_frame()
    assert frame[["trials", "optimizer"]].to_numpy().tolist() == [
        [trials, name] for trials in (1, 3, 5) for name in ("adam", "sgd")
    ]
    assert frame["expected"].iloc[-2] == pytest.approx(0.6)
    nothing = found.at(9).to_frame()
    assert nothing["optimizer"].isna().tolist() == [True]
    assert nothing["reason"].tolist() == ["the searches made 5 trials at most"]
    assert "<td>adam</td>" in found.at()._repr_html_()
