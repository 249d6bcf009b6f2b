"""The few numbers that DVC shows of an experiment."""

from __future__ import annotations

from pipeline.comparison import key_figures
from pipeline.results.champions import ChampionRecord, Champions
from tests.comparison.claims.made_up_study import made_up_metrics


def champions(**optimizers: str) -> Champions:
    return Champions(
        problems={
            problem: ChampionRecord(
                label=name,
                problem=problem,
                optimizer=name,
                network="linear",
                learning_rate=0.1,
                seed=1,
                validation_accuracy=0.5,
                key="k",
            )
            for problem, name in optimizers.items()
        }
    )


def accuracies(**means: float | None) -> dict[str, dict[str, list[float | None]]]:
    return {name: {"test_accuracy": [mean, mean]} for name, mean in means.items()}


METRICS = made_up_metrics(
    {"cifar10": accuracies(sgd=0.523456, adam=0.58769, muon=0.62711), "digits": accuracies(sgd=0.95, adam=0.96)}
)
CHAMPIONS = champions(cifar10="muon", digits="sgd")


def test_accuracies_are_percent_to_two_decimals() -> None:
    assert key_figures.accuracies(METRICS).root == {
        "cifar10": {"sgd": 52.35, "adam": 58.77, "muon": 62.71},
        "digits": {"sgd": 95.0, "adam": 96.0},
    }


def test_summary_names_the_main_champion_and_every_lead() -> None:
    found = key_figures.summary("adam", "cifar10", METRICS, CHAMPIONS, {"refuted": 6, "no meaningful difference": 0})
    assert found.model_dump() == {
        "champion": "muon",
        "accuracy": {"champion": 62.71, "sgd": 52.35, "adam": 58.77, "muon": 62.71},
        "lead": {"cifar10": 3.94, "digits": -1.0},
        "claims": {"refuted": 6, "no_difference": 0},
        "loss": {},
    }


def test_a_baseline_without_any_accuracy_has_no_lead() -> None:
    metrics = made_up_metrics({"digits": accuracies(adam=None, sgd=0.9)})
    found = key_figures.summary("adam", "digits", metrics, CHAMPIONS, {})
    assert found.accuracy == {"champion": 90.0, "adam": None, "sgd": 90.0}
    assert found.lead == {"digits": None}


def test_a_problem_that_the_baseline_does_not_take_part_in_has_no_lead() -> None:
    metrics = made_up_metrics({"digits": accuracies(sgd=0.9)})
    assert key_figures.summary("adam", "digits", metrics, CHAMPIONS, {}).lead == {"digits": None}
