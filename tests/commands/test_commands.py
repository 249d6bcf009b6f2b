"""The command line as a person meets it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.project.errors import SettingsError
from pipeline.settings import loading
from tests import needs, yaml_text
from tests.conftest import ROOT, Project, copy_project

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = (
    "run",
    "demo",
    "doctor",
    "summary",
    "predict",
    "reproduce",
    "optimizers",
    "ui",
    "backprop",
    "quiz",
    "judge",
    "recommend",
    "compare",
    "init",
)


def test_help_names_every_command_in_one_line_each(finished_study: Project) -> None:
    text = finished_study.run("python", "-m", "pipeline", "--help").stdout
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b +\w+", text), command


@pytest.mark.parametrize("command", COMMANDS)
def test_every_commands_help_has_an_example(command: str) -> None:
    _, _, text = CliRunner().invoke(app, [command, "--help"]).stdout.partition("Usage:")
    assert re.search(rf"(optimizer-study|python -m pipeline) {command}\b", text.partition("\n")[2])


def test_help_is_quick_because_it_loads_no_large_library() -> None:
    code = "import sys, pipeline.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    large = {"torch", "torchvision", "mlflow", "pandas", "scipy", "matplotlib", "sklearn", "numba", "PIL", "httpx"}
    assert large.isdisjoint(done.stdout.split())


def test_summary_tells_the_ranking_and_where_the_report_is(finished_study: Project) -> None:
    text = finished_study.run("python", "-m", "pipeline", "summary").stdout
    found = json.loads((finished_study.folder / "results" / "metrics.json").read_text())["problems"]["digits"]
    best = max(found, key=lambda name: found[name]["test_accuracy"]["mean"])
    labels = {"sgd": "SGD", "adam": "Adam"}
    assert labels[best] in text
    assert f"{found[best]['test_accuracy']['mean'] * 100:.1f}" in text
    assert "reports/report.html" in text


def test_a_command_outside_the_project_says_where_to_run_it(finished_study: Project, tmp_path: Path) -> None:
    shutil.copytree(finished_study.folder / "pipeline", tmp_path / "pipeline")
    done = Project(tmp_path).run("python", "-m", "pipeline", "summary", check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: params.yaml is not in")
    assert "Traceback" not in done.stderr


def test_the_demo_keeps_away_from_the_projects_own_results(tmp_path: Path) -> None:
    from pipeline.commands.demo.copying import copy_project as copy_demo

    project = copy_project(tmp_path / "project")
    content = project.params()
    content["problems"] |= {"other": content["problems"]["digits"] | {"data": "digits", "demo": True}}
    project.write_params(content)
    copy_demo(project.folder, tmp_path / "demo")
    assert list(Project(tmp_path / "demo").params()["problems"]) == ["other"]
    assert Project(tmp_path / "demo").params()["data"]["archives"] == []
    assert not (project.folder / "results" / "metrics.json").exists()


def test_a_demo_without_problems_says_what_it_needs(tmp_path: Path) -> None:
    from pipeline.commands.demo.copying import copy_project as copy_demo

    with pytest.raises(SettingsError, match="the demo needs a problem with `demo: true`"):
        copy_demo(copy_project(tmp_path / "project").folder, tmp_path / "demo")


def test_the_demo_takes_optimizers_from_elsewhere_with_it(tmp_path: Path) -> None:
    from pipeline.commands.demo.copying import copy_project as copy_demo

    project = copy_project(tmp_path / "project")
    content = project.params()
    search = content["optimizers"]["adam"]["search"]
    content["problems"]["digits"]["demo"] = True
    content["optimizers"]["mine"] = {"label": "Mine", "class": "optimizers/some/lion.py:Lion", "search": search}
    project.write_params(content)
    (project.folder / "optimizers" / "some").mkdir()
    (project.folder / "optimizers" / "some" / "lion.py").write_text("# Lion\n")
    copy_demo(project.folder, tmp_path / "demo")
    assert (tmp_path / "demo" / "optimizers" / "some" / "lion.py").read_text() == "# Lion\n"
    assert "mine" in Project(tmp_path / "demo").params()["optimizers"]


def test_the_demo_is_a_smaller_study_of_its_own_problems(tmp_path: Path) -> None:
    from pipeline.commands.demo.copying import copy_project as copy_demo

    copy_demo(ROOT, tmp_path / "demo")
    whole, demo = loading.load(ROOT / "params.yaml"), loading.load(tmp_path / "demo" / "params.yaml")
    assert demo.study == [name for name, row in whole.problems.items() if row.demo] == list(demo.problems)
    assert list(demo.optimizers) == ["sgd", "nesterov", "adam", "muon"]
    assert all(demo.optimizers[name] == whole.optimizers[name] for name in demo.optimizers)
    # fewer could not show two optimizers to be alike
    assert 6 <= len(demo.seeds("digits")) < whole.training.seeds
    assert demo.tuning.points < whole.tuning.points
    assert demo.tuning.seed == whole.tuning.seed
    for name, row in demo.problems.items():
        assert row.epochs <= whole.problems[name].epochs
        assert row.targets == whole.problems[name].targets


@pytest.mark.parametrize("command", ["run", "demo"])
@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"class": "Adamm"}, "'Adamm' is not an optimizer"),
        ({"arguments": {"betas": [0.9, 1.5]}}, "1.5"),
    ],
)
def test_a_wrong_row_is_named_before_any_work(command: str, row: dict[str, object], said: str, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    params = project.params()
    params["optimizers"]["adam"].update(row)
    project.write_params(params)
    done = project.run("python", "-m", "pipeline", command, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("error") == 1
    assert said in done.stderr
    assert not (project.folder / "demo").exists()


@pytest.mark.slow
def test_run_without_any_source_says_so_first_and_shows_the_demo(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    params = project.params()
    params["data"].update(archives=["cifar10"], sources=["data/downloads/", str(tmp_path / "absent.tar.gz")])
    params["problems"]["first_look"] = {**params["problems"]["digits"], "data": "digits", "demo": True}
    project.write_params(params)
    done = project.run("python", "-m", "pipeline", "run")
    first, _, rest = done.stderr.partition("Here is the demo instead.")
    assert "absent.tar.gz" in first
    assert "CIFAR10_SOURCE" in first
    assert rest
    assert "This was the demo on handwritten digits" in done.stdout
    assert "committed report" in done.stdout
    assert not (project.folder / "results" / "metrics.json").exists()
    demo = Project(project.folder / "demo")
    assert (demo.folder / "reports" / "report.html").exists()
    assert not (demo.folder / "mlflow.db").exists()
    filled = demo.run("python", "-m", "pipeline", "ui", "--fill-only")
    assert re.search(r"mlflow.db: [1-9]\d* runs written", filled.stderr)


@pytest.mark.cifar
@pytest.mark.slow
def test_a_small_study_on_real_cifar10_gets_far_above_chance(tmp_path: Path) -> None:
    archive = needs.cifar()
    project = copy_project(tmp_path / "project")
    params = project.params()
    own = yaml_text.load((ROOT / "params.yaml").read_text())
    params["problems"] = {"cifar10": {**own["problems"]["cifar10"], "epochs": 1}}
    sets = {"cifar10": own["data"]["sets"]["cifar10"]}
    params["data"].update(archives=["cifar10"], sources=[str(archive)], sets=sets)
    params["optimizers"] = {"adam": own["optimizers"]["adam"]}
    project.write_params(params)
    project.dvc("repro")
    found = json.loads((project.folder / "results" / "metrics.json").read_text())["problems"]["cifar10"]["adam"]
    assert found["test_accuracy"]["mean"] > 0.40
    assert set(found["per_class"]) >= {"airplane", "truck"}
