from __future__ import annotations

import pytest

from benchmarks import stages


def test_what_is_not_tune_or_train_lies_outside_whether_a_stage_says_so_or_not() -> None:
    times = [
        {"stage": "prepare@digits", "seconds": 2.0},
        {"stage": "tune@adam", "seconds": 30.0},
        {"stage": "train@adam", "seconds": 50.0},
        {"stage": "evaluate", "seconds": 8.0},
    ]
    # 10 s of stages that train nothing, and 10 s in between
    assert stages.outside_training_stages(times, 100.0) == pytest.approx(0.2)
