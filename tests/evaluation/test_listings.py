"""The tables of trials and of picked trainings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.evaluation import listings
from pipeline.evaluation.choosing import Replicates
from pipeline.evaluation.metrics import over_seeds
from pipeline.results import tables
from pipeline.running.outputs import Choice, Setting
from pipeline.training.record import OptimizerRow
from tests import studies
from tests.evaluation.test_metrics import LABELS, summarised, two_settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pipeline.training.record import Outcome

SETTINGS = studies.validated(studies.params())


def trial(accuracy: float, rate: float, beta1: float = 0.9, eps: float | None = None, **changes: Any) -> Outcome:
    arguments = {"betas": [beta1, 0.999], **({} if eps is None else {"eps": eps})}
    row = OptimizerRow("Adam", arguments)
    return studies.outcome(accuracy, kind="tune", learning_rate=rate, row=row, **changes)


def setting(rate: float, beta1: float, eps: float) -> Setting:
    return Setting(rate, {"beta1": beta1, "eps": eps})


def searched() -> tuple[list[Outcome], dict[tuple[str, str], Choice]]:
    """A search whose default setting does best, and whose last trial is hopeless; and one without a default."""
    adam = [
        trial(0.9, 0.001),
        trial(0.5, 0.01, 0.8, 1e-5),
        trial(0.7, 0.02, 0.95, 1e-6),
        studies.diverged(
            7, kind="tune", learning_rate=1.0, row=OptimizerRow("Adam", {"betas": [0.7, 0.9], "eps": 1e-7})
        ),
    ]
    good, hopeless = (
        studies.outcome(accuracy, kind="tune", optimizer="sgd", learning_rate=rate)
        for accuracy, rate in ((0.6, 0.3), (0.1, 3.0))
    )
    sgd = [good, replace(hopeless, hopeless_at=5)]
    choices = {
        ("digits", "adam"): studies.choice(setting(0.02, 0.95, 1e-6), setting(0.01, 0.8, 1e-5)),
        ("digits", "sgd"): studies.choice(Setting(0.3)),
    }
    return [*sgd, *adam], choices


def test_every_trial_with_its_place_and_what_became_of_it() -> None:
    found = listings.searches(*searched(), SETTINGS.optimizers)
    assert found["optimizer"].tolist() == ["adam"] * 4 + ["sgd"] * 2
    assert found["number"].tolist() == [pd.NA, 0, 1, 2, 0, 1]
    assert found["arguments"].tolist() == [
        "",
        "beta1=0.8 eps=1e-05",
        "beta1=0.95 eps=1e-06",
        "beta1=0.7 eps=1e-07",
        "",
        "",
    ]
    # the default setting is the best, and never survives
    assert found["survivor"].tolist() == [pd.NA, 1, 0, pd.NA, 0, pd.NA]
    assert found["hopeless"].tolist() == [False] * 5 + [True]
    assert found["diverged_at"].tolist() == [pd.NA, pd.NA, pd.NA, 7, pd.NA, pd.NA]
    assert found["validation_accuracy"].tolist() == [0.9, 0.5, 0.7, 0.0, 0.6, 0.1]
    assert found["validation_loss"].isna().tolist() == [False, False, False, True, False, False]


def test_a_default_that_equals_a_survivor_is_no_survivor() -> None:
    rows = SETTINGS.optimizers
    assert rows["adagrad"].default_learning_rate == 0.01
    trials = [
        studies.outcome(0.5, kind="tune", optimizer="adagrad", learning_rate=0.01, row=OptimizerRow("Adagrad"))
        for _ in range(2)
    ]
    found = listings.searches(trials, {("digits", "adagrad"): studies.choice(Setting(0.01))}, rows)
    assert found["survivor"].tolist() == [pd.NA, 0]


def test_the_searches_survive_their_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    frame = listings.searches(*searched(), SETTINGS.optimizers)
    tables.SEARCHES.write(frame)
    again = tables.SEARCHES.read()
    assert again["number"].isna().tolist() == frame["number"].isna().tolist()
    assert again["hopeless"].tolist() == frame["hopeless"].tolist()
    assert again["arguments"].fillna("").tolist() == frame["arguments"].tolist()


def test_a_run_is_what_its_seed_picked() -> None:
    assessment, outcomes = two_settings()
    found = summarised(assessment, LABELS, outcomes)
    picks = {("digits", "adam"): Replicates(outcomes).picks}
    frame = listings.runs(picks, {"digits": {"adam": found}})
    assert tuple(frame.columns) == tables.RUNS.columns
    assert frame["seed"].tolist() == [1, 2]
    assert frame["learning_rate"].tolist() == [0.2, 0.1]
    assert frame["validation_accuracy"].tolist() == [0.7, 0.8]
    assert frame["train_loss"].tolist() == [0.533333, 0.466667]
    assert frame["diverged"].tolist() == [False, False]


def test_what_a_run_lacks_is_an_empty_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assessment, outcomes = two_settings()
    found = summarised(assessment, LABELS, outcomes).model_copy(
        update={"test_accuracy": None, "test_loss": over_seeds(np.array([np.nan, 0.5]))}
    )
    picks = {("digits", "adam"): Replicates(outcomes).picks}
    tables.RUNS.write(listings.runs(picks, {"digits": {"adam": found}}))
    again = tables.RUNS.read()
    assert again["test_accuracy"].isna().all()
    assert again["test_loss"].isna().tolist() == [True, False]
