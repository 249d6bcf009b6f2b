"""Which trainings are left out because they are done: made-up ones, in a memo of real files."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipeline import tuning
from pipeline.commands.run.flow import Flow
from pipeline.commands.run.remaining import Remaining, remaining
from pipeline.running import memo, outputs
from pipeline.running.key import code_fingerprint, key_of
from pipeline.running.planning import plan
from tests import studies

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.running.outputs import Choice
    from pipeline.settings.study import Settings
    from pipeline.training.record import Outcome, Training
    from pipeline.tuning import Follow, Trial

STAGES = ("tune@sgd", "train@sgd", "tune@muon", "train@muon")
ALL = Flow(STAGES, frozenset(STAGES))
SGD = Flow(STAGES, frozenset({"tune@sgd", "train@sgd"}))


@pytest.fixture
def settings() -> Settings:
    return studies.settings(digits={}, again={"data": "digits", "tuned_on": "digits", "seeds": 1})


def digests(settings: Settings) -> dict[str, str]:
    return dict.fromkeys(settings.problems, "d" * 64)


def keep(folder: Path, training: Training, place: int = 0) -> Outcome:
    """Keep a made-up outcome of a training; the later its place, the better."""
    made_up = studies.outcome(0.5 + place / 100, key=key_of(training, code_fingerprint()))
    outcome = replace(made_up, training=training)
    memo.keep(folder, outcome)
    return outcome


def search(settings: Settings, folder: Path, most: int = 1000) -> dict[str, Choice]:
    """Do the first trials of SGD's search on the digits; return the choice if that is all of them."""
    choices: dict[str, Choice] = {}
    done = 0

    def run(first: Sequence[Trial], follow: Follow) -> None:
        nonlocal done
        waiting = list(first)
        while waiting and done < most:
            trial, done = waiting.pop(0), done + 1
            outcome = keep(folder, tuning.planned("sgd", settings, trial, "d" * 64), done % 7)
            waiting += follow(trial, outcome)
        if waiting:
            raise InterruptedError

    with suppress(InterruptedError):
        _, choices = tuning.tune("sgd", settings, run)
    return choices


def test_nothing_is_done_at_the_beginning(settings: Settings, tmp_path: Path) -> None:
    points, survivors = settings.tuning.points, settings.tuning.survivors
    default = settings.optimizers["muon"].default_learning_rate is not None
    assert remaining(settings, digests(settings), tmp_path, ALL) == [
        Remaining("tune@sgd", "digits", "sgd", points),
        Remaining("train@sgd", "digits", "sgd", survivors * 2),
        Remaining("train@sgd", "again", "sgd", survivors),
        Remaining("tune@muon", "digits", "muon", points + default),
        Remaining("train@muon", "digits", "muon", survivors * 2),
        Remaining("train@muon", "again", "muon", survivors),
    ]


def test_an_interrupted_search_has_the_rest_to_do(settings: Settings, tmp_path: Path) -> None:
    search(settings, tmp_path, most=5)
    found = remaining(settings, digests(settings), tmp_path, SGD)
    assert found[0] == Remaining("tune@sgd", "digits", "sgd", settings.tuning.points - 5)
    assert len(found) == 3


def test_after_a_search_only_final_trainings_are_left_and_not_those_that_are_done(
    settings: Settings, tmp_path: Path
) -> None:
    best = search(settings, tmp_path)["digits"].survivors[0]
    for seed in settings.seeds("digits"):
        keep(tmp_path, plan("train", settings, "sgd", "digits", setting=best, seed=seed, data="d" * 64))
    survivors = settings.tuning.survivors
    assert remaining(settings, digests(settings), tmp_path, SGD) == [
        Remaining("train@sgd", "digits", "sgd", (survivors - 1) * 2),
        Remaining("train@sgd", "again", "sgd", survivors),
    ]


def test_what_dvc_knows_to_be_up_to_date_is_not_done_again(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remaining(settings, digests(settings), tmp_path, Flow(STAGES)) == []
    # the search is, its final trainings are not, and the memo is empty
    monkeypatch.chdir(tmp_path)
    outputs.write_search("sgd", {}, search(settings, tmp_path / "elsewhere"))
    found = remaining(settings, digests(settings), tmp_path / "memo", Flow(STAGES, frozenset({"train@sgd"})))
    assert [one.trainings for one in found] == [settings.tuning.survivors * 2, settings.tuning.survivors]


def test_a_problem_without_a_search_takes_the_default_rate(tmp_path: Path) -> None:
    own = studies.settings(digits={}, plain={"data": "digits", "untuned": True, "optimizers": ["muon"]})
    found = remaining(own, digests(own), tmp_path, Flow(STAGES, frozenset({"tune@muon", "train@muon"})))
    assert found[-1] == Remaining("train@muon", "plain", "muon", len(own.seeds("plain")))
