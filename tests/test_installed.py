"""The package as users install it: built by way of a source distribution, in an environment and folders of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.project import shipped
from tests.conftest import ROOT, clean_environment

pytestmark = pytest.mark.slow

SOURCES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "pipeline")
RESULTS = "optimizer,seed,accuracy\n" + "".join(
    f"{name},{seed},{base + seed / 1000}\n" for name, base in (("mine", 0.6), ("other", 0.5)) for seed in range(8)
)


@dataclass(frozen=True)
class Installed:
    """The program in an environment of its own, run in a folder."""

    programs: Path
    folder: Path

    def run(self, *command: str, status: int = 0, folder: Path | None = None) -> str:
        """Run a program of the environment as a user would, and return what it says."""
        done = subprocess.run(
            [self.programs / command[0], *command[1:]],
            cwd=folder or self.folder,
            env=clean_environment() | {"XDG_CACHE_HOME": str(self.folder.parent / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that has the wheel, and for all else the packages of this one."""
    place = tmp_path_factory.mktemp("installed")
    project = place / "project"
    project.mkdir()
    shipped.copy_files(ROOT, project)
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, project / name)
    with tarfile.open(built("build_sdist", project)) as archive:
        archive.extractall(place / "unpacked", filter="data")
    wheel = built("build_wheel", next((place / "unpacked").iterdir()))
    venv.create(place / "environment", with_pip=False)
    [packages] = (place / "environment").glob("lib/python*/site-packages")
    (packages / "others.pth").write_text("\n".join(path for path in sys.path if path.endswith("-packages")))
    python = place / "environment" / "bin" / "python"
    options = ("--quiet", "--no-index", "--no-deps", "--force-reinstall", "--no-warn-script-location")
    subprocess.run([python, "-m", "pip", "install", *options, wheel], check=True)
    return python.parent


def built(kind: str, project: Path) -> Path:
    """Build a distribution without a network: by the setuptools of this environment."""
    code = f"from setuptools import build_meta; print(build_meta.{kind}('dist'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    return project / "dist" / done.stdout.splitlines()[-1]


@pytest.fixture
def installed(programs: Path, tmp_path: Path) -> Installed:
    (tmp_path / "empty").mkdir()
    return Installed(programs, tmp_path / "empty")


def test_a_table_is_judged_in_a_folder_with_nothing_else(installed: Installed) -> None:
    (installed.folder / "results.csv").write_text(RESULTS)
    assert "mine" in installed.run("optimizer-study", "judge", "results.csv")
    assert [path.name for path in installed.folder.iterdir()] == ["results.csv"]


def test_the_published_results_come_with_the_package(installed: Installed) -> None:
    code = "import pipeline; print(pipeline.__file__, len(pipeline.load_results().runs))"
    file, runs = installed.run("python", "-c", code).split()
    assert Path(file).is_relative_to(installed.programs.parent)
    assert int(runs) > 100


def test_what_needs_a_project_says_how_to_make_one(installed: Installed) -> None:
    said = installed.run("optimizer-study", "summary", status=2)
    assert said.startswith("error: params.yaml is not in ")
    assert "optimizer-study init FOLDER" in said
    assert list(installed.folder.iterdir()) == []


def test_a_project_is_made_and_its_own_code_is_run_in_it(installed: Installed) -> None:
    mine = installed.folder / "mine"
    said = installed.run("optimizer-study", "init", "mine")
    assert "cd mine" in said
    assert "Best on" in installed.run("optimizer-study", "summary", folder=mine)
    command = mine / "pipeline" / "commands" / "summary.py"
    command.write_text(command.read_text() + "\nprint('this is my own code')\n")
    assert "this is my own code" in installed.run("optimizer-study", "summary", folder=mine)
    assert "this is my own code" not in installed.run("optimizer-study", "--help")
    assert not (mine / "pipeline" / shipped.FOLDER).exists()


def test_the_worked_example_needs_no_settings(installed: Installed) -> None:
    example = json.loads(installed.run("optimizer-study", "backprop", "--json"))
    assert example["gradients"]
    assert list(installed.folder.iterdir()) == []


def test_what_to_use_is_recommended_from_the_published_results(installed: Installed) -> None:
    found = json.loads(installed.run("optimizer-study", "recommend", "--json"))
    assert "cifar10" in found["problems"]
    assert list(installed.folder.iterdir()) == []


def test_an_optimizer_of_ones_own_is_compared_and_the_work_is_kept_in_the_cache(installed: Installed) -> None:
    (installed.folder / "mine.py").write_text("import torch\n\n\nclass Mine(torch.optim.Adamax):\n    pass\n")
    command = ("optimizer-study", "compare", "mine.py:Mine", "--problem", "digits", "--json")
    first, again = (json.loads(installed.run(*command)) for _ in range(2))
    assert first["trainings"]["known"] == 0
    assert again["trainings"]["known"] == again["trainings"]["all"]
    assert [path.name for path in installed.folder.iterdir() if path.name != "__pycache__"] == ["mine.py"]
