from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import scaling
from pipeline.running import memo
from tests import studies

SECONDS = {f"problem {number}": [1.0] for number in range(scaling.PROBLEMS)}


@pytest.mark.parametrize(
    ("durations", "cores", "expected"),
    [([3, 1, 1, 1], 1, 6), ([3, 1, 1, 1], 2, 3), ([1, 1, 1, 3], 2, 4), ([2, 2], 9, 2), ([1] * 10, 4, 3)],
)
def test_a_free_core_takes_the_next_training(durations, cores, expected):
    assert scaling.makespan(durations, cores) == expected


def test_a_study_of_equal_seconds_is_counted_by_hand():
    engine = {"overhead": {"median": 0.0}, "start": {"median": 10.0}}
    found = scaling.simulate(SECONDS, engine, 4096, bookkeeping=0.0)
    # 50 rates or 30 seeds × 5 problems fit into the cores at once: each of 200 stages takes its start and one second
    assert found["tuned, stages"] == {"trainings": 40_000, "hours": round(200 * 11 / 3600, 2), "cores_at_work": 0.004}
    # 25,000 and 15,000 trainings on 4,096 cores: 7 and 4 rounds
    assert found["tuned, one pool"]["hours"] == round((20 + 7 + 4) / 3600, 2)
    assert found["every rate, stages"]["trainings"] == 750_000


def test_a_slow_memo_holds_a_fast_cluster_up():
    engine = {"overhead": {"median": 0.0}, "start": {"median": 0.0}}
    found = scaling.simulate(SECONDS, engine, 4096, bookkeeping=0.01)
    assert found["every rate, one pool"]["hours"] == round(7500 / 3600, 2)


def test_only_trainings_have_seconds(tmp_path):
    for key, seconds in (("ab1", 2.5), ("ab2", 1.0004)):
        memo.keep(tmp_path, replace(studies.outcome(key=key), seconds=seconds))
    memo.keep_tensors(tmp_path, "cd3", {"predictions": np.zeros(3)})
    assert scaling.measured(tmp_path) == {"digits": [1.0, 2.5]}


def test_the_longest_problems_are_simulated_the_longest_first():
    seconds = {**SECONDS, "long": [3.0, 5.0], "short": [0.1]}
    assert scaling.longest(seconds)[0] == "long"
    assert "short" not in scaling.longest(seconds)
    assert len(scaling.longest(seconds)) == scaling.PROBLEMS
