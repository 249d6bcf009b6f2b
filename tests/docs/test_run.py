"""The commands of the pages are run, and print what the pages show.

What only reads results runs on the published ones; what trains runs on the small study. `ELSEWHERE` says of every other
command why it is not run here, so that no page can bring a command that nobody has tried.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.settings import loading
from tests import studies, yaml_text
from tests.conftest import ROOT, Project, clean_environment, copy_project
from tests.docs.pages import NAMES, SHELL, Command, blocks, commands, shows, text

if TYPE_CHECKING:
    from pathlib import Path

# commands that read results, and train nothing
READS = re.compile(
    r"optimizer-study (--help|summary|recommend|optimizers|backprop|quiz --(guess|scores)|judge results/runs)"
)
# pages whose blocks are one long session in the small study
SESSIONS = ("docs/how-to/share.md",)
# pages that tests of their own follow
OWN = {
    "docs/how-to/your-network.md": "tests/docs/test_your_network.py",
    "docs/how-to/your-problem.md": "tests/docs/test_your_problem.py",
    "docs/how-to/experiments.md": "tests/stages/test_experiments.py",
    "docs/how-to/mlflow.md": "tests/tracking and tests/browser",
    "docs/how-to/mlflow-servers.md": "tests/stages/test_one_store.py",
}
ELSEWHERE = {
    r"make (run|demo|test|format|check|ray)\b": "installs packages first; what it starts has tests of its own",
    r"source ": "changes the terminal",
    r"pip install \.": "tests/test_installed.py",
    r"pip install jupyterlab": "no development tool of this project",
    r"optimizer-study reproduce": "trains: tests/commands/reproduce",
    r"optimizer-study init ": "tests/commands/test_init.py",
    r"optimizer-study compare Adamax --problem digits": "below",
    r"optimizer-study compare optimizers/lion\.py:Lion": "below",
    r"optimizer-study compare ": "the same with other optimizers: tests/commands/compare",
    r"optimizer-study quiz( --problem \w+)?$": "asks; tests/commands/test_quiz.py answers",
    r"optimizer-study judge (wide|results)\.csv": "a table of one's own: tests/commands/judge",
    r"jupyter ": "no development tool of this project; tests/notebooks runs the notebooks",
    r"\.venv/bin/(ray|dvc) ": "needs several machines; tests/running/test_cluster.py has two nodes on one",
}


def in_blocks(page: str) -> list[Command]:
    return [command for language, block in blocks(page) if language in SHELL for command in commands(block, language)]


READING = [
    pytest.param(command, id=f"{page}: {command.line}")
    for page in NAMES
    for command in in_blocks(page)
    if READS.match(command.line)
]


def test_every_block_says_what_it_is() -> None:
    languages = {(page, language) for page in NAMES for language, _ in blocks(page) if "decisions" not in page}
    assert {
        (page, language) for page, language in languages if language not in (*SHELL, "python", "yaml", "text")
    } == set()


@pytest.mark.parametrize("page", NAMES)
def test_every_command_is_run_somewhere_or_it_is_said_why_not(page: str) -> None:
    found = [] if page in OWN or page in SESSIONS else in_blocks(page)
    others = [command.line for command in found if not READS.match(command.line)]
    assert [line for line in others if not any(re.match(known, line) for known in ELSEWHERE)] == []


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the published settings and results, to read and to spoil."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    for name in ("results", "optimizers"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    # as wide as a terminal that a page is copied from
    monkeypatch.setenv("COLUMNS", "150")
    return tmp_path


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("command", READING)
def test_what_reads_results_prints_what_the_page_shows(command: Command) -> None:
    if "--scores" in command.words:
        CliRunner().invoke(app, ["quiz", "--guess", "adam,muon"], catch_exceptions=False)
    done = CliRunner().invoke(app, command.words[1:], catch_exceptions=False)
    assert done.exit_code == 0
    assert done.stdout
    assert shows(command.shown, done.stdout) is None


def test_what_a_page_shows_is_compared_word_by_word() -> None:
    assert shows("1 Muon 65.1 %\n…\n7 Adam 60.1 %", "1  Muon  65.1 %\n2 SGD\n7  Adam  60.1 %") is None
    assert shows("1 Muon 65.1 %\n…\n7 Adam 60.2 %", "1  Muon  65.1 %\n2 SGD\n7  Adam  60.1 %") == "7 Adam 60.2 %"
    assert shows("b … a", "a b") == "a"


@pytest.mark.slow
@pytest.mark.parametrize("page", SESSIONS)
def test_a_session_in_the_small_study_runs_from_top_to_bottom(page: str, study: Project) -> None:
    script = "\n".join(block for language, block in blocks(page) if language in SHELL)
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script],
        cwd=study.folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # the clone has what was pushed, and trained nothing
    copied = done.stdout[: done.stdout.index("one-epoch")]
    assert "Running stage 'train" not in copied
    assert list(study.folder.parent.glob("champion*.safetensors"))


def lion(project: Project) -> None:
    page = text("docs/how-to/your-optimizer.md")
    assert "Save it as `optimizers/lion.py`" in page
    [(_, code)] = [found for found in blocks("docs/how-to/your-optimizer.md") if found[0] == "python"]
    (project.folder / "optimizers" / "lion.py").write_text(code, encoding="utf-8")


@pytest.mark.slow
def test_the_optimizer_of_the_page_is_compared_and_kept_as_the_page_says(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    lion(project)
    for command in in_blocks("docs/how-to/your-optimizer.md"):
        done = project.run("python", "-m", "pipeline", *command.words[1:])
        assert "Lion" in done.stdout
    rows = [yaml_text.load(block) for language, block in blocks("docs/how-to/your-optimizer.md") if language == "yaml"]
    assert project.params()["optimizers"]["lion"] == rows[0]["optimizers"]["lion"]


def test_the_rows_of_the_page_are_rows_that_params_yaml_takes() -> None:
    pytest.importorskip("pytorch_optimizer")
    content = studies.params()
    soap = yaml_text.load(next(block for _, block in blocks("docs/how-to/your-optimizer.md") if "plugins" in block))
    content["plugins"] = soap["plugins"]
    content["optimizers"] |= soap["optimizers"]
    assert loading.validate(content, "params.yaml").optimizers["soap"].class_name == "pytorch_optimizer:SOAP"


@pytest.mark.slow
def test_the_comparison_in_python_gives_a_sentence_and_a_table(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    [(_, code)] = [found for found in blocks("docs/how-to/compare.md") if found[0] == "python"]
    body = "\n".join(f"    {line}" for line in [*code.splitlines(), "print(found.to_frame().shape)"])
    (project.folder / "compared.py").write_text(f'if __name__ == "__main__":\n{body}\n', encoding="utf-8")
    done = project.run("python", "compared.py", PYTHONPATH=str(project.folder) + os.pathsep)
    assert "Adamax" in done.stdout
