from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.project import files, paths, seals
from pipeline.project.errors import DataError
from pipeline.running import outputs
from pipeline.running.outputs import Choice, Setting
from tests import studies

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.training.record import Outcome


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def weights(value: float) -> dict[str, np.ndarray]:
    return {"dense.0.bias": np.full(3, value, np.float32), "dense.0.weight": np.full((3, 2), value, np.float32)}


def untimed(outcomes: list[Outcome]) -> list[Outcome]:
    """How long a training took is no part of an output, which would differ from run to run."""
    return [replace(outcome, seconds=0.0) for outcome in outcomes]


def test_a_search_comes_back() -> None:
    trials = {
        problem: [studies.outcome(kind="tune", problem=problem, learning_rate=rate) for rate in (0.001, 0.01)]
        for problem in ("digits", "other")
    }
    survivors = (Setting(0.01, {"beta1": 0.9, "eps": 1e-5}), Setting(0.001))
    choices = {problem: Choice(survivors, 0.8, 0.5, 2, "high", on_edge=True) for problem in trials}
    outputs.write_search("adam", trials, choices)
    assert outputs.read_trials("adam") == untimed([*trials["digits"], *trials["other"]])
    assert outputs.read_choices("adam", ["other", "digits"]) == choices


def test_records_of_another_version_are_refused_in_one_sentence() -> None:
    outputs.write_trainings("adam", [studies.outcome(weights=weights(1.0))])
    records = files.read_json(paths.trainings("adam"))
    del records[0]["network"]
    files.write_json(paths.trainings("adam"), records)
    seals.seal(paths.TRAIN / "adam")
    with pytest.raises(DataError, match=r"runs/train/adam/trainings\.json was written by another version"):
        outputs.read_trainings("adam")


def test_searched_values_are_shown_in_their_order() -> None:
    assert Setting(0.01, {"eps": 1e-5, "beta1": 0.9036}).others == "eps=1e-05 beta1=0.9036"
    assert Setting(0.01).others == ""


def test_trainings_come_back_with_their_own_weights() -> None:
    given = [
        studies.outcome(problem=problem, seed=seed, learning_rate=rate, weights=weights(value))
        for value, (problem, rate, seed) in enumerate(
            [("digits", 0.1, 1), ("digits", 0.1, 12), ("digits", 0.2, 1), ("digits", 0.2, 12), ("other", 0.1, 1)]
        )
    ]
    outputs.write_trainings("adam", given)
    assert outputs.read_trainings("adam") == untimed(given)
    found = outputs.read_trainings_with_weights("adam")
    assert found == untimed(given)
    for value, outcome in enumerate(found):
        assert outcome.weights is not None
        assert {name: array.shape for name, array in outcome.weights.items()} == {
            "dense.0.bias": (3,),
            "dense.0.weight": (3, 2),
        }
        assert all((array == value).all() for array in outcome.weights.values())
    assert set(outputs.read_weights("adam", "digits")) == {outcome.key for outcome in given[:4]}


@pytest.mark.parametrize(
    "read", [outputs.read_trials, outputs.read_trainings, lambda name: outputs.read_choices(name, ["x"])]
)
def test_what_is_missing_says_how_to_make_it(read) -> None:
    with pytest.raises(DataError, match=r"runs/.*/adam/.*\.json is missing: run `dvc repro`"):
        read("adam")


def test_a_problem_that_was_not_tuned_says_how_to_tune_it() -> None:
    outputs.write_search("adam", {}, {})
    with pytest.raises(DataError, match=r"runs/tune/adam/choice.json has no digits: run `dvc repro`"):
        outputs.read_choices("adam", ["digits"])


def test_outputs_are_the_same_bytes_every_time() -> None:
    given = [studies.outcome(seed=seed, weights=weights(seed)) for seed in (1, 2)]
    files = [paths.trainings("adam"), paths.weights("adam", "digits")]
    outputs.write_trainings("adam", given)
    first = [path.read_bytes() for path in files]
    outputs.write_trainings("adam", [studies.outcome(seed=seed, weights=weights(seed)) for seed in (1, 2)])
    assert [path.read_bytes() for path in files] == first
