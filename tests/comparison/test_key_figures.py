"""The few numbers that DVC shows of an experiment."""

from __future__ import annotations

from typing import Any

from pipeline.comparison import key_figures


def entry(mean: float | None) -> dict[str, Any]:
    return {"test_accuracy": {"mean": mean, "low": mean, "high": mean, "seeds": [mean, mean]}}


METRICS = {
    "cifar10": {"sgd": entry(0.523456), "adam": entry(0.58769), "muon": entry(0.62711)},
    "digits": {"sgd": entry(0.95), "adam": entry(0.96)},
}
CHAMPIONS = {"cifar10": {"optimizer": "muon"}, "digits": {"optimizer": "sgd"}}


def test_accuracies_are_percent_to_two_decimals() -> None:
    assert key_figures.accuracies(METRICS) == {
        "cifar10": {"sgd": 52.35, "adam": 58.77, "muon": 62.71},
        "digits": {"sgd": 95.0, "adam": 96.0},
    }


def test_summary_names_the_main_champion_and_every_lead() -> None:
    found = key_figures.summary("adam", "cifar10", METRICS, CHAMPIONS, {"refuted": 6, "no meaningful difference": 0})
    assert found == {
        "champion": "muon",
        "accuracy": {"champion": 62.71, "sgd": 52.35, "adam": 58.77, "muon": 62.71},
        "lead": {"cifar10": 3.94, "digits": -1.0},
        "claims": {"refuted": 6, "no_difference": 0},
    }


def test_a_baseline_without_any_accuracy_has_no_lead() -> None:
    metrics = {"digits": {"adam": entry(None), "sgd": entry(0.9)}}
    found = key_figures.summary("adam", "digits", metrics, {"digits": {"optimizer": "sgd"}}, {})
    assert found["accuracy"] == {"champion": 90.0, "adam": None, "sgd": 90.0}
    assert found["lead"] == {"digits": None}


def test_a_problem_that_the_baseline_does_not_take_part_in_has_no_lead() -> None:
    found = key_figures.summary("adam", "digits", {"digits": {"sgd": entry(0.9)}}, CHAMPIONS, {})
    assert found["lead"] == {"digits": None}
