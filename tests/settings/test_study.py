"""What the settings say."""

from __future__ import annotations

import pytest

from pipeline.project.errors import SettingsError
from pipeline.settings import loading
from tests.studies import ROOT, params


def test_rosters_and_seeds() -> None:
    content = params()
    content["problems"]["digits"].update(optimizers=["adam", "sgd"], seeds=3)
    content["training"] = {"first_seed": 1, "seeds": 10}
    settings = loading.validate(content, "params.yaml")
    assert settings.roster("digits") == ["sgd", "adam"]
    assert settings.roster("cifar10") == list(content["optimizers"])
    assert "digits" in settings.problems_of("adam")
    assert "digits" not in settings.problems_of("muon")
    assert list(settings.seeds("digits")) == [1, 2, 3]
    assert list(settings.seeds("cifar10")) == list(range(1, 11))


def test_two_problems_may_share_a_data_set() -> None:
    settings = loading.load(ROOT / "params.yaml")
    assert settings.data_of("cifar10_longer") == settings.data_of("cifar10") == "cifar10"


def test_an_unknown_row_names_the_closest() -> None:
    with pytest.raises(SettingsError, match=r"optimizers.adam_: there is no such row; did you mean 'adam'\? Allowed"):
        loading.load(ROOT / "params.yaml").optimizer("adam_")


def test_settings_cannot_be_changed() -> None:
    settings = loading.load(ROOT / "params.yaml")
    with pytest.raises(ValueError, match="frozen"):
        settings.tuning.seed = 5  # type: ignore[misc]
