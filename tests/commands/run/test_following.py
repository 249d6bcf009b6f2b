"""What a person reads between DVC's lines, on a clock of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.commands.run.duration import Duration
from pipeline.commands.run.following import Following

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

STAGES = ("prepare@digits", "tune@sgd", "train@sgd", "tune@adam", "train@adam", "report")
MINUTE = 60.0
DURATION = Duration({name: 2 * MINUTE for name in STAGES if "@digits" not in name}, 10, 2)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def follow(lines: Sequence[tuple[float, str]], duration: Duration | None = DURATION) -> None:
    """Pass lines on, each at its minute."""
    clock = Clock()
    watch = Following(STAGES, duration, lambda finished: f"so far: {', '.join(finished)}", clock)
    for minute, line in lines:
        clock.now = minute * MINUTE
        watch.line(line + "\n")


def test_every_stage_is_counted_and_the_time_left_falls(capsys: pytest.CaptureFixture[str]) -> None:
    follow(
        [
            (0, "Stage 'prepare@digits' didn't change, skipping"),
            (0, "Running stage 'tune@sgd':"),
            (0, "> python -m stages.tune sgd"),
            (2, "Running stage 'train@sgd':"),
        ]
    )
    assert capsys.readouterr().out.splitlines() == [
        "Stage 'prepare@digits' didn't change, skipping",
        "Stage 2 of 6: tune@sgd, about 10 minutes left of the whole study",
        "Running stage 'tune@sgd':",
        "> python -m stages.tune sgd",
        "Stage 3 of 6: train@sgd, about 8 minutes left of the whole study",
        "Running stage 'train@sgd':",
    ]


def test_a_slower_machine_than_measured_makes_it_longer(capsys: pytest.CaptureFixture[str]) -> None:
    follow([(0, "Running stage 'tune@sgd':"), (6, "Running stage 'train@sgd':")])
    assert "train@sgd, about 24 minutes left" in capsys.readouterr().out


def test_a_stage_that_need_not_run_takes_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    standing = [(0, f"Stage '{name}' didn't change, skipping") for name in STAGES[:-1]]
    follow([*standing, (0, "Running stage 'report':")])
    assert "Stage 6 of 6: report, about 2 minutes left" in capsys.readouterr().out


def test_results_appear_once_an_optimizer_is_trained(capsys: pytest.CaptureFixture[str]) -> None:
    follow(
        [
            (0, "Stage 'train@sgd' didn't change, skipping"),
            (0, "Running stage 'tune@adam':"),
            (1, "Running stage 'train@adam':"),
            (2, "Updating lock file 'dvc.lock'"),
            (2, "Running stage 'report':"),
        ]
    )
    lines = capsys.readouterr().out.splitlines()
    (place,) = [number for number, line in enumerate(lines) if line.startswith("so far")]
    assert lines[place] == "so far: sgd, adam"
    assert lines[place + 1].startswith("Stage 4 of 6: report")


def test_without_an_estimate_the_stages_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    follow([(0, "Running stage 'tune@sgd':")], None)
    assert capsys.readouterr().out.splitlines()[0] == "Stage 1 of 6: tune@sgd"
