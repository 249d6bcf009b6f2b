"""docs/how-to/your-problem.md does what it says."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from tests import yaml_text
from tests.conftest import ROOT, Project, copy_project

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs" / "how-to" / "your-problem.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"(?:Save this as `([^`]+)`:\n\n)?```(\w+)\n(.*?)```", re.DOTALL)


def section(title: str) -> list[tuple[str, str, str]]:
    """Return the blocks of a section: the file that each is saved as, its language, and what is in it."""
    text = re.search(rf"^## {title}.*?(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert text
    return [(file or "", language, content) for file, language, content in _BLOCK.findall(text[0])]


def merged(params: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Add rows to the sections of ``params.yaml``."""
    for key, value in more.items():
        params[key] = merged(params[key], value) if isinstance(params.get(key), dict) else value
    return params


def follow(project: Project, title: str) -> list[str]:
    """Do what a section says, one block after the other; return what its commands printed."""
    printed = []
    for file, language, content in section(title):
        if file:
            (project.folder / file).write_text(content, encoding="utf-8")
        if language == "yaml":
            # what the command before it printed
            assert content in printed[-1]
            project.write_params(merged(project.params(), yaml_text.load(content)))
        if language == "console":
            program, *arguments = shlex.split(content)
            assert program == "optimizer-study"
            done = project.run("python", "-m", "pipeline", *arguments, check=False)
            assert done.stderr == ""
            printed.append(done.stdout)
    return printed


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return copy_project(tmp_path / "project")


def test_wine_goes_from_a_file_to_ready(project: Project) -> None:
    first, second = follow(project, "Wine")
    assert "wine is right. Add to params.yaml:" in first
    assert "float64 (133, 13)" in first
    assert second.rstrip().endswith("wine is ready.")


@pytest.mark.slow
def test_a_regression_is_ready_with_the_lines_of_the_page(project: Project) -> None:
    (printed,) = follow(project, "A regression")
    assert "diabetes is right. Add to params.yaml:" in printed
    again = project.run("python", "-m", "pipeline", "check", "problem", "diabetes")
    assert again.stdout.rstrip().endswith("diabetes is ready.")
    assert "has a loss of" in again.stdout


def test_the_rows_of_the_next_word_are_those_of_the_study() -> None:
    own = yaml_text.load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    (shown,) = [yaml_text.load(content) for _, language, content in section("Next word") if language == "yaml"]
    assert shown["problems"]["next_word"] == own["problems"]["next_word"]
    assert shown["data"]["sets"]["next_word"] == own["data"]["sets"]["next_word"]


def test_the_page_names_sentences_and_files_that_are_there() -> None:
    assert "4.98 nats" in PAGE
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / "how-to" / link).exists(), link


@pytest.mark.slow
def test_the_verdict_that_the_page_asks_for_is_given(project: Project) -> None:
    pytest.importorskip("pipeline.commands.compare.command")
    follow(project, "Wine")
    (command,) = [content for _, language, content in section("Wine") if language == "sh"]
    done = project.run("python", "-m", "pipeline", *shlex.split(command)[1:])
    assert "Wine" in done.stdout
