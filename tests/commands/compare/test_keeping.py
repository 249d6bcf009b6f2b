"""``--keep`` makes a row of ``params.yaml`` of what was compared."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.prepared import reader
from pipeline.project import paths
from pipeline.running.key import code_fingerprint, key_of
from pipeline.running.outputs import Setting
from pipeline.running.planning import plan
from pipeline.settings import loading
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pipeline.settings.study import Settings
    from pipeline.training.record import Kind
    from tests.commands.compare.conftest import Folder

# the process that has made the first comparison
pytestmark = pytest.mark.xdist_group("compared")


def test_the_row_is_added_and_none_of_its_trainings_has_to_be_repeated(
    compared: tuple[Folder, dict[str, Any]],
) -> None:
    folder, found = compared
    before = folder.memo()
    said = folder.compare("lion.py:Lion", "--keep", "my_lion", "--plot", "lion.png").stdout
    assert f"{found['trainings']['all']} trainings, all of them known already" in said
    assert "lion.py was copied: from now on edit optimizers/lion.py, which DVC watches." in said
    assert (folder.path / "optimizers" / "lion.py").read_bytes() == (folder.path / "lion.py").read_bytes()
    assert "params.yaml has the new row my_lion: `dvc repro` trains" in said
    assert (folder.path / "lion.png").read_bytes().startswith(b"\x89PNG")
    settings = loading.load()
    row = settings.optimizers["my_lion"]
    assert (row.label, row.class_name, row.default_learning_rate) == ("Lion", "optimizers/lion.py:Lion", 0.003)
    assert "      learning_rate: {log_uniform: [9.49e-05, 0.0949]}\n" in paths.PARAMS.read_text(encoding="utf-8")
    data = reader.describe(paths.learning("digits")).digest
    wanted = [
        plan(kind, settings, "my_lion", "digits", setting=Setting(rate), seed=seed, data=data)
        for kind, rate, seed in _done(found["optimizer"], settings)
    ]
    assert {f"{key_of(training, code_fingerprint())}.safetensors" for training in wanted} == folder.memo() - before


def _done(side: dict[str, Any], settings: Settings) -> list[tuple[Kind, float, int]]:
    tried: list[tuple[Kind, float, int]] = [
        ("tune", one["learning_rate"], settings.tuning.seed) for one in side["tried"]
    ]
    survivors = [setting["learning_rate"] for setting in side["survivors"]]
    return [*tried, *(("train", rate, seed) for rate in survivors for seed in settings.seeds("digits"))]


def test_comments_and_layout_of_the_file_stay(folder: Folder) -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(text, encoding="utf-8")
    yaml = loading.with_comments()
    content = yaml.load(paths.PARAMS)
    with paths.PARAMS.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
    assert Path("params.yaml").read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("name", "optimizer", "said"),
    [
        ("adam", "Adamax", "--keep adam: params.yaml has such a row already; adam_2 would be free."),
        ("My Lion", "lion.py:Lion", "--keep My Lion: a name is lower-case letters, .* for example mylion"),
        ("mine", "sgd", "--keep mine: sgd is a row of params.yaml already."),
        ("mine", "lion.py:Lion", "--keep mine: lion.py would be copied to optimizers/lion.py, but another file has"),
        ("mine", "../lion.py:Lion", "--keep mine: .*/lion.py would be copied to optimizers/lion.py, but another"),
    ],
)
def test_a_name_that_cannot_be_is_refused_before_any_work(folder: Folder, name: str, optimizer: str, said: str) -> None:
    (folder.path.parent / "lion.py").write_text((folder.path / "lion.py").read_text())
    (folder.path / "optimizers").mkdir()
    (folder.path / "optimizers" / "lion.py").write_text("# another file\n")
    assert re.search(said, folder.refused(optimizer, "--keep", name))
