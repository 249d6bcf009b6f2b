"""A smaller study of some problems, in a folder of its own."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from pipeline.commands.run import subset
from pipeline.commands.run.copying import copy_files
from pipeline.project.errors import SettingsError, UserError
from pipeline.settings import loading
from tests.conftest import ROOT, Project, copy_project

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = loading.load(ROOT / "params.yaml")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, without DVC."""
    copy_files(ROOT, tmp_path / "project")
    return tmp_path / "project"


@pytest.mark.parametrize("text", ["next_word,cifar10", "cifar10, next_word", " next_word cifar10 "])
def test_problems_are_named_with_commas_or_spaces_in_any_order(text: str) -> None:
    assert subset.chosen(text, WHOLE) == ["cifar10", "next_word"]


def test_a_problem_brings_the_one_it_is_tuned_on() -> None:
    assert subset.chosen("cifar10_longer", WHOLE) == ["cifar10", "cifar10_longer"]


def test_an_unknown_problem_is_named_with_the_closest() -> None:
    with pytest.raises(SettingsError, match=r"--problems cifar: there is no such problem; did you mean 'cifar10'\?"):
        subset.chosen("next_word,cifar", WHOLE)
    with pytest.raises(UserError, match="name one or more problems"):
        subset.chosen(" , ", WHOLE)


def test_the_command_refuses_an_unknown_problem_in_one_sentence(project: Path) -> None:
    done = Project(project).run("python", "-m", "pipeline", "run", "--problems", "nextword", check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: --problems nextword: there is no such problem; did you mean 'next_word'?")
    assert len(done.stderr.splitlines()) == 1
    assert not list(project.glob("subset-*"))


def test_a_subset_has_its_problems_and_all_else_as_in_the_project(project: Path) -> None:
    before = (project / "params.yaml").read_bytes()
    folder = subset.make(project, ["cifar10", "cats_dogs"], WHOLE)
    assert folder == project / "subset-cifar10-cats_dogs"
    own = loading.load(folder / "params.yaml")
    assert own.problems == {name: WHOLE.problems[name] for name in ("cifar10", "cats_dogs")}
    assert (own.optimizers, own.tuning, own.training) == (WHOLE.optimizers, WHOLE.tuning, WHOLE.training)
    assert (project / "params.yaml").read_bytes() == before


def test_optimizers_that_take_no_part_are_left_out(project: Path) -> None:
    folder = subset.make(project, ["assignment"], WHOLE)
    assert list(loading.load(folder / "params.yaml").optimizers) == ["adam"]


def test_a_subset_finds_the_projects_data(project: Path) -> None:
    params = Project(project).params()
    params["data"]["sources"] = ["data/downloads/", "/somewhere/cifar.tar.gz", "https://example.org/cifar.tar.gz"]
    Project(project).write_params(params)
    data = Project(subset.make(project, ["cifar10"], WHOLE)).params()["data"]
    assert data["archives"] == ["cifar10"]
    assert data["sources"] == ["../data/raw/cifar10", "../data/downloads", *params["data"]["sources"][1:]]
    assert Project(subset.make(project, ["next_word"], WHOLE)).params()["data"]["archives"] == []


def test_a_subset_keeps_its_files_in_the_projects_cache(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    folder = subset.make(project.folder, ["digits"], loading.load(project.folder / "params.yaml"))
    own, shared = (Project(where).dvc("cache", "dir").stdout for where in (folder, project.folder))
    assert own == shared
    assert project.run("git", "status", "--porcelain").stdout == ""


@pytest.mark.slow
def test_a_smaller_study_leaves_the_whole_one_alone_and_shares_its_trainings(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    params = project.params()
    params["problems"]["digits_again"] = {**params["problems"]["digits"], "data": "digits"}
    project.write_params(params)
    said = project.run("python", "-m", "pipeline", "run", "--problems", "digits").stdout
    assert "trainings to do here: " in said
    assert re.search(r"Stage \d of 11: tune@sgd, (about|less than)", said)
    assert "So far on digits, 2 of 2" in said
    folder = project.folder / "subset-digits"
    assert list(json.loads((folder / "results" / "metrics.json").read_text())["problems"]) == ["digits"]
    assert not list((folder / ".memo").rglob("*.safetensors"))
    assert list((project.folder / ".memo").rglob("*.safetensors"))
    for name in ("results/metrics.json", "runs", "dvc.lock"):
        assert not (project.folder / name).exists()
    status = project.run("python", "-m", "pipeline", "run", "--problems", "digits").stdout
    assert "to do here" not in status
