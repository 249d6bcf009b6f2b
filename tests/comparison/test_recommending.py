"""What is recommended, on made-up results for every outcome."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from pipeline.comparison.recommending import recommendations
from pipeline.results.cost import Cost, Ratio, StepCost, StepTime
from pipeline.results.metrics import Metrics, SettingRecord
from pipeline.results.recommendations import Budget, ProblemRecommendation, Recommendations
from pipeline.settings.spaces import Space
from tests.comparison.claims.made_up_study import searches, study

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.comparison.evidence import Evidence

PEAK = [0.2, 0.5, 0.6, 0.5, 0.2]
SPACES = {"learning_rate": Space(log_uniform=(0.001, 1.0)), "momentum": Space(one_minus_log_uniform=(0.02, 0.3))}


def level(value: Any, **others: Any) -> dict[str, Any]:
    return {"test": value, "validation": value, **others}


def made_up(
    optimizers: Mapping[str, Mapping[str, Any]],
    trials: Mapping[str, Sequence[float | None]] | None = None,
    cost: Cost | None = None,
) -> Evidence:
    """Evidence of one problem; `trials` are the results of every optimizer's search, the same peak if not given."""
    trials = dict.fromkeys(optimizers, PEAK) if trials is None else trials
    evidence = study({"cifar10": optimizers}, trials={"cifar10": trials}, cost=cost)
    rows = evidence.metrics.problems["cifar10"].items()
    return with_searches(evidence, **{name: {"trials": len(trials.get(name, PEAK))} for name, _ in rows})


def with_searches(evidence: Evidence, **changed: dict[str, Any]) -> Evidence:
    """Change what is known of some optimizers' searches."""
    found = {
        name: row.model_copy(update={"search": row.search.model_copy(update=changed.get(name, {}))})
        for name, row in evidence.metrics.problems["cifar10"].items()
    }
    return replace(evidence, metrics=Metrics(problems={"cifar10": found}))


def of(evidence: Evidence, tuned_on: str | None = None) -> ProblemRecommendation:
    spaces = dict.fromkeys(evidence.metrics.problems["cifar10"], SPACES)
    return recommendations(evidence, spaces, {"cifar10": tuned_on}).problems["cifar10"]


def recommended(optimizers: Mapping[str, Mapping[str, Any]], *arguments: Any, **others: Any) -> ProblemRecommendation:
    return of(made_up(optimizers, *arguments, **others))


def standings(budget: Budget) -> dict[str, str]:
    return {choice.optimizer: choice.standing for choice in budget.choices}


def costs(**ratios: float) -> Cost:
    found = {name: Ratio(median=ratio, low=None, high=None) for name, ratio in ratios.items()}
    return Cost(
        optimizers={
            name: StepCost(
                step_ratio=ratio,
                optimizer_ratio=ratio,
                microseconds_per_step=None,
                microseconds_optimizer=None,
                state_bytes_per_parameter=8.0,
                rounds=(),
            )
            for name, ratio in found.items()
        },
        time_per_step={"cifar10": {name: StepTime(microseconds=900.0, ratio=ratio) for name, ratio in found.items()}},
    )


def test_a_clear_winner_leaves_the_others_behind() -> None:
    found = recommended({"adam": level(0.60), "sgd": level(0.55), "muon": level(0.58)})
    assert [budget.trials for budget in found.budgets] == [1, 2, 3, 4, 5]
    assert [budget.whole_search for budget in found.budgets] == [False] * 4 + [True]
    assert standings(found.budgets[-1]) == {"adam": "best", "muon": "worse", "sgd": "worse"}
    # the smallest p of ten seeds, for the whole family
    assert [choice.corrected_p for choice in found.budgets[-1].choices] == [None, 0.001953, 0.001953]


def test_equals_are_named_apart_from_those_that_nobody_can_tell_apart() -> None:
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


def test_the_best_on_validation_examples_may_be_behind_on_test_examples() -> None:
    found = recommended({"adam": level(0.60), "sgd": {"validation": 0.598, "test": 0.65}})
    assert standings(found.budgets[-1]) == {"adam": "best", "sgd": "better"}


def test_few_trials_favour_the_optimizer_that_forgives() -> None:
    found = recommended(
        {"adam": level(0.60), "sgd": level(0.55)}, {"adam": [0.1, 0.1, 0.6, 0.1, 0.1], "sgd": [0.54, 0.55, 0.54]}
    )
    assert [budget.choices[0].optimizer for budget in found.budgets] == ["sgd", "sgd", "sgd", "sgd", "adam"]
    assert standings(found.budgets[0])["adam"] == "worse"
    # a search that has ended stays at its result
    ended = [choice.expected for budget in found.budgets for choice in budget.choices if choice.optimizer == "sgd"]
    assert ended[2:] == [0.55] * 3


def test_the_expected_result_and_its_range_by_hand() -> None:
    evidence = made_up({"adam": level(0.58)}, {"adam": [0.3, 0.6, 0.5]})
    quantity = evidence.metrics.problems["cifar10"]["adam"].validation_accuracy
    assert quantity is not None
    final = np.array(quantity.seeds, dtype=np.float64)
    reach = stats.t.ppf(0.975, 9) * final.std(ddof=1) * np.sqrt(1.1)
    one, two, three = (budget.choices[0] for budget in of(evidence).budgets)
    # the level is that of the fresh seeds, 0.02 below the search's
    assert one.expected == pytest.approx((0.28 + 0.58 + 0.48) / 3, abs=1e-6)
    assert two.expected == pytest.approx((2 * 0.58 + 0.48) / 3, abs=1e-6)
    assert three.expected == pytest.approx(0.58, abs=1e-6)
    assert (one.low, one.high) == pytest.approx((0.28 - reach, 0.58 + reach), abs=1e-6)
    assert (two.low, two.high) == pytest.approx((0.48 - reach, 0.58 + reach), abs=1e-6)
    assert (three.low, three.high) == pytest.approx((0.58 - reach, 0.58 + reach), abs=1e-6)


def test_the_default_setting_is_no_trial() -> None:
    evidence = made_up({"adam": level(0.58)}, {"adam": [0.3, 0.6]})
    table = searches({"cifar10": {"adam": [0.3, 0.6, 0.9]}})
    with_default = replace(evidence, searches=table.assign(number=[0, 1, math.nan]))
    assert of(with_default) == of(evidence)


def test_one_seed_of_a_search_leaves_small_differences_open() -> None:
    # the mean of ten seeds tells the two apart, a single one does not
    found = recommended({"adam": level(0.600, noise=0.006), "sgd": level(0.585, noise=0.006)})
    assert standings(found.budgets[0])["sgd"] == "inconclusive"
    assert standings(found.budgets[-1])["sgd"] == "worse"


def test_the_cheaper_one_comes_first_among_equals() -> None:
    seeds = [0.6, 0.61, 0.62, 0.6, 0.61, 0.62]
    equals = {name: level(seeds, seeds=6) for name in ("adam", "sgd")}
    for cheap, dear in (("adam", "sgd"), ("sgd", "adam")):
        found = recommended(equals, cost=costs(**{cheap: 1.0, dear: 1.2}))
        assert standings(found.budgets[-1]) == {cheap: "best", dear: "no meaningful difference"}
        assert found.candidates[dear].step_ratio == 1.2
    assert recommended(equals).candidates["adam"].step_ratio is None


def test_the_setting_that_most_seeds_picked_is_recommended_with_the_range_of_the_search() -> None:
    points = [SettingRecord(learning_rate=rate, arguments={"momentum": 0.9}) for rate in (0.1, 0.2, 0.3)]
    evidence = made_up({"adam": level(0.6), "sgd": level(0.6)})
    chosen = with_searches(
        evidence,
        adam={"survivors": tuple(points), "picked": (0, 1, 1, 2, 1, 1, 0, 0, 1, 1)},
        sgd={"survivors": tuple(points), "picked": (2, 2, 0, 0, 1, 1, 2, 0, 1, 1), "widened": "high"},
    )
    found = of(chosen).candidates
    assert (found["adam"].learning_rate, found["adam"].arguments) == (0.2, {"momentum": 0.9})
    assert (found["adam"].picked, found["adam"].seeds) == (6, 10)
    assert found["adam"].search["learning_rate"] == (0.001, 1.0)
    assert found["adam"].search["momentum"] == pytest.approx((0.7, 0.98))
    assert (found["sgd"].learning_rate, found["sgd"].search["learning_rate"]) == (0.2, (0.001, 10.0))
    # among equals the one that did better in the search
    tied = with_searches(evidence, adam={"survivors": tuple(points), "picked": (2, 1, 2, 1)})
    assert of(tied).candidates["adam"].learning_rate == 0.2


def test_a_rate_on_the_border_is_said_and_nobody_is_called_worse_for_it() -> None:
    found = recommended({"adam": level(0.6), "sgd": level(0.5, on_border=True)})
    assert standings(found.budgets[-1]) == {"adam": "best", "sgd": "inconclusive"}
    assert {name: one.on_border for name, one in found.candidates.items()} == {"adam": False, "sgd": True}


def test_a_diverged_seed_counts_as_the_worst() -> None:
    found = recommended({"adam": level(0.6), "sgd": level(0.65, diverged=(0, 1, 2))})
    assert [choice.optimizer for choice in found.budgets[-1].choices] == ["adam", "sgd"]
    assert found.budgets[-1].choices[1].expected == pytest.approx(0.65 * 0.7, abs=0.001)


def test_twins_and_what_was_not_searched_are_left_out_and_said() -> None:
    found = recommended(
        {
            "adam": level(0.5),
            "adamw": level(0.5, twin_of="adam"),
            "muon": level(0.9, parameters={"Muon": 0, "AdamW": 10}),
            "nadam": level(0.9),
            "sgd": level(0.9),
        },
        {**dict.fromkeys(("adam", "adamw", "muon"), PEAK), "sgd": [None] * 5},
    )
    assert standings(found.budgets[-1]) == {"adam": "best"}
    nothing = "its search is not in the results, or every trial diverged"
    assert {name: candidate.left_out for name, candidate in found.candidates.items()} == {
        "adam": None,
        "adamw": "the same as Adam in every seed",
        "muon": "its rest alone: Muon has no parameters to update here",
        "nadam": nothing,
        "sgd": nothing,
    }


def test_there_is_no_evidence_where_nobody_is_left_or_the_budget_is_too_large() -> None:
    found = recommended({"adam": level(0.5)}, {"adam": [None, None]})
    assert found.budgets == ()
    (nothing,) = Recommendations(problems={"cifar10": found}).at().problems["cifar10"].budgets
    assert nothing.choices == ()
    assert nothing.reason == "Adam: its search is not in the results, or every trial diverged"
    known = Recommendations(problems={"cifar10": recommended({"adam": level(0.5)})})
    (beyond,) = known.at(6).problems["cifar10"].budgets
    assert (beyond.choices, beyond.reason) == ((), "the searches made 5 trials at most")


def test_a_single_seed_gives_no_range_and_no_test() -> None:
    found = recommended({"adam": level(0.6, seeds=1), "sgd": level(0.5, seeds=1)})
    for budget in found.budgets:
        assert standings(budget) == {"adam": "best", "sgd": "inconclusive"}
        assert {(choice.low, choice.corrected_p) for choice in budget.choices} == {(None, None)}


def test_a_problem_judged_by_its_loss_goes_by_its_loss() -> None:
    optimizers = {
        name: {"test_loss": loss, "validation_loss": loss, "measure": "loss"}
        for name, loss in (("adam", 0.5), ("sgd", 0.9))
    }
    # what diverged counts as the loss of guessing, or as the worst of the search
    found = recommended(optimizers, {"adam": [0.8, 0.5, None], "sgd": [1.1, 1.5, 1.2]})
    first, last = found.budgets[0].choices[0], found.budgets[-1]
    assert found.measure == "loss"
    assert first.expected == pytest.approx((0.8 + 0.5 + 1.0) / 3, abs=1e-6)
    assert first.low is not None
    assert first.high is not None
    assert first.low < 0.5 < 1.0 < first.high
    assert [choice.expected for choice in last.choices] == pytest.approx([0.5, 0.9])
    assert standings(last) == {"adam": "best", "sgd": "worse"}


def test_a_problem_that_repeats_another_search_has_the_whole_of_it_alone() -> None:
    found = of(made_up({"adam": level(0.6), "sgd": level(0.5)}, {}), tuned_on="digits")
    assert found.tuned_on == "digits"
    (budget,) = found.budgets
    assert (budget.trials, budget.whole_search) == (5, True)
    assert standings(budget) == {"adam": "best", "sgd": "worse"}
    assert budget.choices[0].expected == pytest.approx(0.6)
    (nothing,) = Recommendations(problems={"cifar10": found}).at(3).problems["cifar10"].budgets
    assert nothing.reason == "the settings are those of the whole search on digits: 5 trials"


def test_a_problem_without_any_search_has_no_recommendation() -> None:
    evidence = with_searches(made_up({"adam": level(0.6)}), adam={"trials": 0})
    assert recommendations(evidence, {"adam": SPACES}, {}).problems == {}


def test_a_table_has_a_row_per_choice_and_one_for_no_evidence() -> None:
    found = Recommendations(problems={"cifar10": recommended({"adam": level(0.6), "sgd": level(0.5)})})
    frame = found.at().to_frame()
    assert frame[["trials", "optimizer"]].to_numpy().tolist() == [
        [trials, name] for trials in (1, 3, 5) for name in ("adam", "sgd")
    ]
    assert frame["expected"].iloc[-2] == pytest.approx(0.6)
    assert frame[["learning_rate", "search_from", "search_to"]].iloc[0].tolist() == [0.01, 0.001, 1.0]
    nothing = found.at(9).to_frame()
    assert nothing["optimizer"].isna().tolist() == [True]
    assert nothing["reason"].tolist() == ["the searches made 5 trials at most"]
    assert "<td>adam</td>" in found.at()._repr_html_()
