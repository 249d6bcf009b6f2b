"""A small real study, run once by real DVC in a copy of the project, for all tests that need one."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import needs, yaml_text

ROOT = Path(__file__).parent.parent
COPIED = (
    *("dvc.yaml", ".dvcignore", ".gitignore", ".gitattributes", "optimizers", "pipeline", "stages"),
    *(".dvc/config", ".dvc/plots", "results/other_seeds.json"),
)


@dataclass(frozen=True)
class Project:
    """A copy of the project, with a study small enough for a test."""

    folder: Path

    def run(self, *command: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the project as a person would after ``source .venv/bin/activate``."""
        environment = {**clean_environment(), **variables}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def dvc(self, *arguments: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.run("dvc", *arguments, check=check, **variables)

    def params(self) -> dict[str, Any]:
        content: dict[str, Any] = yaml_text.load((self.folder / "params.yaml").read_text())
        return content

    def write_params(self, content: dict[str, Any]) -> None:
        (self.folder / "params.yaml").write_text(yaml_text.dump(content))

    def commit(self, message: str) -> None:
        self.run("git", "add", "-A")
        self.run("git", "commit", "-qm", message)


def pytest_configure() -> None:
    """Refuse a need that nothing asks for."""
    needs.required(needs.NAMES)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give all tests that use the finished study to one worker, so that it is made once."""
    for item in items:
        if "finished_study" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("study"))


def pytest_unconfigure() -> None:
    """Let the collector reach what imports froze: triton lists all that is left at exit as leaks."""
    gc.unfreeze()


def clean_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "MLFLOW_", "GIT_"))}
    kept.pop("CIFAR10_SOURCE", None)
    who = {
        "AUTHOR_NAME": "tester",
        "AUTHOR_EMAIL": "t@example.org",
        "COMMITTER_NAME": "tester",
        "COMMITTER_EMAIL": "t@example.org",
    }
    return {
        **kept,
        **{f"GIT_{name}": value for name, value in who.items()},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DVC_NO_ANALYTICS": "1",
    }


def small(params: dict[str, Any]) -> dict[str, Any]:
    """Shrink the project's own settings: the digits alone, two optimizers, two seeds, two of three points survive."""
    params["problems"] = {"digits": {**params["problems"]["digits"], "epochs": 2, "demo": False}}
    params["comparison"]["problem_margins"] = {}
    params["data"]["archives"] = []
    params["data"]["sets"] = {"digits": params["data"]["sets"]["digits"]}
    params["tuning"].update(points=3, points_beyond=1, survivors=2)
    params["training"] = {"first_seed": 1, "seeds": 2}
    params["optimizers"] = {name: params["optimizers"][name] for name in ("sgd", "adam")}
    return params


def copy_project(folder: Path) -> Project:
    folder.mkdir(parents=True)
    for name in COPIED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    project = Project(folder)
    project.write_params(small(yaml_text.load((ROOT / "params.yaml").read_text())))
    project.run("git", "init", "-q", "-b", "main")
    (folder / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    project.commit("project")
    return project


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A study that `dvc repro` has run and that is committed. Shared: copy it before changing anything."""
    project = copy_project(tmp_path_factory.mktemp("study") / "project")
    project.dvc("repro")
    project.commit("study")
    return project


@pytest.fixture
def study(finished_study: Project, tmp_path: Path) -> Project:
    """A copy of the finished study, with its cache and memo, but without its MLflow store."""
    folder = tmp_path / "project"
    shutil.copytree(finished_study.folder, folder, symlinks=True)
    # the absolute places inside the store belong to the shared study
    for path in folder.glob("ml*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return Project(folder)


@pytest.fixture(scope="session")
def learning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared digits: 192 training examples (6 batches of 32), 48 for validation. Shared: nothing may write there."""
    from pipeline.data.problems import digits

    return _prepared(digits, tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared examples of a few generated 32 × 32 pictures. Shared: nothing may write there."""
    from pipeline.data.problems import cifar10

    return _prepared(cifar10, tmp_path_factory.mktemp("cifar10"))


def _prepared(problem: Any, folder: Path) -> Path:
    from pipeline.data import preparing

    preparing.prepare(problem, problem.tiny(), 0.2, 0, folder / "learning", folder / "test")
    return folder / "learning"
