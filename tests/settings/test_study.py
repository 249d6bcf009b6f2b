"""What the settings say."""

from __future__ import annotations

import pytest

from pipeline.project.errors import SettingsError
from pipeline.settings import loading, study
from tests.studies import ROOT, params


def test_rosters_and_seeds() -> None:
    content = params()
    content["problems"]["digits"].update(optimizers=["adam", "sgd"], seeds=3, demo=False)
    content["training"] = {"first_seed": 1, "seeds": 10}
    settings = loading.validate(content, "params.yaml")
    assert settings.roster("digits") == ["sgd", "adam"]
    assert settings.roster("cifar10") == list(content["optimizers"])
    assert "digits" in settings.problems_of("adam")
    assert "digits" not in settings.problems_of("muon")
    assert list(settings.seeds("digits")) == [1, 2, 3]
    assert list(settings.seeds("cifar10")) == list(range(1, 11))


def test_the_study_is_what_is_not_for_the_demo() -> None:
    settings = loading.load(ROOT / "params.yaml")
    assert set(settings.problems) - set(settings.study) == {"digits", "digits_words"}
    assert "digits" not in settings.problems_of("adam")
    assert "cifar10_longer" in settings.problems_of("adam")
    assert "cifar10_longer" not in settings.searched_problems_of("adam")
    assert "assignment" not in settings.searched_problems_of("adam")


def test_two_problems_may_share_a_data_set() -> None:
    settings = loading.load(ROOT / "params.yaml")
    assert settings.data_of("cifar10_longer") == settings.data_of("cifar10") == "cifar10"


def test_an_unknown_row_names_the_closest() -> None:
    with pytest.raises(SettingsError, match=r"optimizers.adam_: there is no such row; did you mean 'adam'\? Allowed"):
        loading.load(ROOT / "params.yaml").optimizer("adam_")


def with_class(class_name: str, plugins: list[str] | None = None, **row: object) -> study.Settings:
    content = params()
    content["optimizers"]["mine"] = {
        "label": "Mine",
        "class": class_name,
        "search": {"learning_rate": {"log_uniform": [0.01, 1]}},
        **row,
    }
    content["plugins"] = plugins
    return loading.validate(content, "params.yaml")


@pytest.mark.parametrize(
    ("class_name", "plugins"),
    [
        ("Adam", None),
        ("pytorch_optimizer:Lion", ["pytorch_optimizer"]),
        ("pytorch_optimizer.optimizer.lion:Lion", ["other", "pytorch_optimizer"]),
        ("optimizers/mine.py:Lion", []),
        ("./optimizers/my own/lion-2.py:Lion", []),
    ],
)
def test_a_class_is_torchs_a_listed_packages_or_a_files(class_name: str, plugins: list[str] | None) -> None:
    assert with_class(class_name, plugins).optimizers["mine"].class_name == class_name


@pytest.mark.parametrize(
    ("class_name", "plugins", "expected"),
    [
        ("os.system", [], r"found 'os.system'; did you mean 'os:system'\? it must be a name of torch.optim"),
        ("Adam W", [], r"mine.class: found 'Adam W'; it must be a name of torch.optim, or package.module:Class"),
        ("mine.py", [], r"mine.class: found 'mine.py'.*optimizers/file.py:Class"),
        ("pytorch_optimizer:Lion", [], r"mine.class: the package 'pytorch_optimizer' is not named in plugins; add it"),
        ("pytorch_optimzer:Lion", ["pytorch_optimizer"], r"not named in plugins; did you mean 'pytorch_optimizer'"),
        (
            "/home/optimizers/mine.py:Lion",
            [],
            r"mine.class: /home/optimizers/mine.py does not lie in optimizers/: move the file there, so that DVC "
            r"watches it, and write optimizers/mine.py:Lion$",
        ),
        ("mine.py:Lion", [], r"mine.class: mine.py does not lie in optimizers/: move .* write optimizers/mine.py:Lion"),
        ("pipeline/mine.py:Lion", [], r"mine.class: pipeline/mine.py does not lie in optimizers/"),
        ("../mine.py:Lion", [], r"mine.class: ../mine.py does not lie in optimizers/"),
        ("optimizers/../mine.py:Lion", [], r"mine.class: optimizers/../mine.py does not lie in optimizers/"),
        ("Adam", ["a-b"], r"plugins.0: found 'a-b'; it must be the name by which Python imports a package"),
        ("Adam", "torch", r"plugins: found 'torch'; it must be a list"),
    ],
)
def test_another_class_is_refused(class_name: str, plugins: list[str], expected: str) -> None:
    with pytest.raises(SettingsError, match=expected):
        with_class(class_name, plugins)


def test_a_rest_is_held_to_the_same() -> None:
    with pytest.raises(SettingsError, match=r"mine.rest.class: the package 'x' is not named in plugins"):
        with_class("Muon", [], rest={"class": "x:Y"})
    with pytest.raises(SettingsError, match=r"mine.rest.class: mine.py does not lie in optimizers/"):
        with_class("Muon", [], rest={"class": "mine.py:Y"})


def test_settings_cannot_be_changed() -> None:
    settings = loading.load(ROOT / "params.yaml")
    with pytest.raises(ValueError, match="frozen"):
        settings.tuning.seed = 5  # type: ignore[misc]
