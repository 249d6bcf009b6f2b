from __future__ import annotations

from pipeline.running import planning
from pipeline.running.outputs import Setting
from pipeline.settings import loading
from pipeline.training.record import OptimizerRow
from tests import studies


def test_labels_and_the_ranges_of_a_search_do_not_decide_an_outcome() -> None:
    content = studies.params()
    given = {"setting": Setting(0.1, {"momentum": 0.8}), "seed": 1, "data": "d"}
    asked = planning.plan("train", loading.validate(content, "params.yaml"), "muon", "digits", **given)
    content["optimizers"]["muon"] |= {"label": "Another", "default_learning_rate": 5.0}
    content["optimizers"]["muon"]["search"]["momentum"] = {"uniform": [0.1, 0.2]}
    assert planning.plan("train", loading.validate(content, "params.yaml"), "muon", "digits", **given) == asked
    assert asked.row.class_name == "Muon"
    assert (asked.learning_rate, asked.row.arguments["momentum"]) == (0.1, 0.8)
    assert asked.row.rest == OptimizerRow("AdamW", {"weight_decay": 0.0})
    rows = content["problems"]["digits"]
    assert (asked.epochs, asked.batch_size, asked.network) == (rows["epochs"], rows["batch_size"], rows["network"])


def test_how_the_network_convolves_is_a_setting_of_the_study() -> None:
    given = {"setting": Setting(0.1), "seed": 1, "data": "d"}
    found = [
        planning.plan("train", loading.validate({**studies.params(), **own}, "params.yaml"), "sgd", "digits", **given)
        for own in ({}, {"convolution": "torch"})
    ]
    assert [training.convolution for training in found] == ["compiled", "torch"]


def test_a_training_is_called_by_what_tells_it_from_others() -> None:
    asked = studies.training(seed=7)
    assert planning.name_of(asked) == "adam on digits lr 0.001 seed 7"
    assert planning.short_name(asked) == "digits lr 0.001 seed 7"


def test_summary_counts_its_own_problem_and_the_diverged() -> None:
    outcomes = [studies.outcome(0.5, seed=1), studies.diverged(seed=2), studies.outcome(0.9, problem="other")]
    assert planning.summary("adam", "digits", outcomes) == (
        "adam on digits: validation accuracy 25.0%, mean of 2 seeds (0.0% to 50.0%); 1 diverged"
    )


def test_summary_counts_the_settings_that_each_seed_was_trained_with() -> None:
    outcomes = [studies.outcome(0.5, seed=seed, learning_rate=rate) for rate in (0.1, 0.2) for seed in range(6)]
    assert planning.summary("adam", "digits", outcomes) == (
        "adam on digits: validation accuracy 50.0%, mean of 2 settings × 6 seeds (50.0% to 50.0%)"
    )
