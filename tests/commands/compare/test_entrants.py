"""What a person types for an optimizer, and what is said of a mistake."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.commands.compare.entrants import entrant
from pipeline.project.errors import SettingsError
from pipeline.settings import loading
from tests.studies import params

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.settings.study import OptimizerSettings, Settings
    from tests.commands.compare.conftest import Folder


@pytest.fixture
def settings(folder: Folder) -> Settings:
    return loading.validate(params(), "params.yaml")


def rates(row: OptimizerSettings) -> tuple[float, float] | None:
    return row.search["learning_rate"].log_uniform


def test_a_class_with_the_arguments_of_a_row_is_that_row(settings: Settings) -> None:
    found = entrant("SGD", settings, ["nesterov=true"])
    assert (found.name, found.row, found.note) == ("nesterov", settings.optimizers["nesterov"], "")
    assert entrant("Muon", settings).row == settings.optimizers["muon"]


def test_a_class_of_a_row_is_searched_as_the_row_is_without_what_is_given(settings: Settings) -> None:
    found = entrant("Adam", settings, ["betas=0.5, 0.9", "amsgrad=true"])
    assert found.name == "adam_2"
    assert found.row.arguments == {"betas": [0.5, 0.9], "amsgrad": True}
    assert found.row.label == "Adam (betas=[0.5, 0.9], amsgrad=True)"
    assert found.row.default_learning_rate == 0.001
    row = settings.optimizers["adam"]
    assert found.row.search == {name: row.search[name] for name in ("learning_rate", "eps")}


def test_a_class_without_a_row_is_searched_around_its_default_and_that_is_said(settings: Settings) -> None:
    found = entrant("Adamax", settings)
    assert (found.name, found.row.default_learning_rate) == ("adamax", 0.002)
    assert list(found.row.search) == ["learning_rate"]
    assert rates(found.row) == (6.32e-05, 0.0632)
    assert found.note == (
        "The search of Adamax: learning rates from 6.32e-05 to 0.0632, three decades around its default 0.002 "
        "(--learning-rates gives others)."
    )
    given = entrant("Adamax", settings, learning_rates=(0.01, 1.0))
    assert (rates(given.row), given.note) == ((0.01, 1.0), "")


def test_a_class_without_a_default_is_searched_around_the_usual_centre(settings: Settings, folder: Folder) -> None:
    text = (folder.path / "lion.py").read_text(encoding="utf-8").replace("lr=3e-3", "lr")
    (folder.path / "bare.py").write_text(text, encoding="utf-8")
    found = entrant("bare.py:Lion", settings)
    assert found.row.default_learning_rate is None
    assert rates(found.row) == (9.99e-05, 0.0999)
    assert "three decades around 0.00316, because it has no default" in found.note


def test_a_row_keeps_its_search_and_arguments_unless_others_are_given(settings: Settings) -> None:
    row = settings.optimizers["muon"]
    assert entrant("muon", settings).row == row
    assert entrant("muon", settings, learning_rates=(0.01, 0.1)).name == "muon"
    found = entrant("muon", settings, {"weight_decay": 0.1, "momentum": 0.9}, (0.001, 0.5))
    assert (found.name, found.row.label) == ("muon_2", "Muon (weight_decay=0.1, momentum=0.9)")
    assert (rates(found.row), list(found.row.search)) == ((0.001, 0.5), ["learning_rate"])
    assert found.row.arguments == {**row.arguments, "weight_decay": 0.1, "momentum": 0.9}
    assert found.row.rest == row.rest


def test_a_file_inside_the_project_is_named_from_its_folder(settings: Settings, folder: Folder) -> None:
    found = entrant(f"{folder.path}/lion.py:Lion", settings)
    assert found.row.class_name == "lion.py:Lion"
    assert (found.name, found.row.label, found.row.default_learning_rate) == ("lion", "Lion", 0.003)


def test_a_file_anywhere_on_the_disk_will_do(settings: Settings, folder: Folder, tmp_path_factory: Any) -> None:
    elsewhere: Path = tmp_path_factory.mktemp("elsewhere") / "lion.py"
    elsewhere.write_text((folder.path / "lion.py").read_text())
    assert entrant(f"{elsewhere}:Lion", settings).row.class_name == f"{elsewhere}:Lion"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Admax"], "'Admax' is neither a row .* nor a class of torch.optim; did you mean 'Adamax'"),
        (["torch.optim.Adamax"], "torch.optim.Adamax: a colon separates .*, as in torch.optim:Adamax"),
        (["lion.py"], "lion.py: give the class too, as lion.py:Lion"),
        (["tiger.py:Lion"], "tiger.py cannot be read: No such file"),
        (["~nobody-of-this-name/lion.py:Lion"], "lion.py cannot be read: No such file"),
        (["lion.py:Loin"], "lion.py has no optimizer 'Loin'; did you mean 'Lion'"),
        (["broken.py:Lion"], "broken.py cannot be loaded: line 3: .+"),
        (["nowhere.optim:Lion"], "nowhere.optim cannot be loaded: .*No module named 'nowhere'"),
        (["LBFGS"], "LBFGS computes the loss several times in a step"),
        (["Adamax", "--arg", "beta=0.9"], "Adamax has no argument 'beta'; did you mean 'betas'"),
        (["Adamax", "--arg", "betas"], "--arg betas: write an argument as name=value"),
        (["Adamax", "--arg", "eps=small"], "^eps: found 'small'; it must be a number, such as .* 1e-08"),
        (["SGD", "--arg", "nesterov=yes"], "^nesterov: found 'yes'; it must be true or false"),
        (["Adamax", "--arg", "lr=0.1"], "--arg lr: the search sets it; give its range by --learning-rates"),
        (["Adamax", "--arg", "betas=0.9,1.5"], "^torch.optim.Adamax refuses .*: Invalid beta parameter"),
        (["Adamax", "--learning-rates", "-1", "1"], "--learning-rates: found -1.0; it must be greater than 0"),
        (["Adamax", "--learning-rates", "1", "0.1"], "--learning-rates: found .*; the lower bound comes first"),
        (["Adamax", "--problem", "digit"], "--problem digit: there is no such problem; did you mean 'digits'"),
        (["Adamax", "--budget", "smal"], "--budget smal: there is no such budget; did you mean 'small'"),
        (["Adamax", "--against", "adamm"], "'adamm' is neither a row .*did you mean 'Adam'"),
        (["adam"], "adam is adam itself, .* choose another baseline by --against, such as sgd"),
        (["Adamax", "--plot", "out.jpg"], "--plot out.jpg: .jpg is not a kind of picture; did you mean '.png'"),
        (["Adamax", "--plot", "nowhere/out.svg"], "--plot nowhere/out.svg: there is no folder nowhere"),
    ],
)
def test_a_mistake_is_one_sentence_before_any_work(folder: Folder, arguments: list[str], said: str) -> None:
    (folder.path / "broken.py").write_text("import torch\n\nclass Lion(torch.optim.Optimizer:\n")
    message = folder.refused(*arguments)
    assert re.search(said, message), message


def test_an_unknown_row_or_class_is_refused_by_name(settings: Settings) -> None:
    with pytest.raises(SettingsError, match=r"given as package.module:Class or path/to/file.py:Class"):
        entrant("Lion", settings)
