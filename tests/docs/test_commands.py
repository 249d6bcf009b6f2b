"""Commands on the pages exist, with the options that they are given; no page leaves a command out."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

import pytest
import typer
from dvc.cli import DvcParserError, parse_args

from pipeline.__main__ import app
from tests.conftest import ROOT
from tests.docs.pages import NAMES, all_commands, text

_TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
# in a sentence, a name in capitals or … stands for something
_STANDS_FOR = re.compile(r"…|\.\.\.")
GROUP: Any = typer.main.get_command(app)


def wrong_with(words: list[str]) -> str | None:
    """Return what is wrong with a command, None if nothing is."""
    match words:
        case ["optimizer-study", *rest] | ["python", "-m", "pipeline", *rest]:
            return _wrong_with_ours(GROUP, rest)
        case ["make", *targets]:
            missing = {word for word in targets if "=" not in word} - _TARGETS
            return f"make has no {missing}" if missing else None
        case ["python", "-m", module, *_]:
            return None if importlib.util.find_spec(module) else f"no module {module}"
        case ["dvc", *rest] if "COMMAND" not in rest:
            try:
                parse_args(rest)
            except DvcParserError:
                return "dvc refuses it"
    return None


def _wrong_with_ours(command: Any, words: list[str]) -> str | None:
    """Look for a command below `command`, and for the options that it is given."""
    names = [word for word in words if not word.startswith("-")]
    below = getattr(command, "commands", None)
    if below is not None:
        if not names or names[0] == "COMMAND":
            return None
        found = below.get(names[0])
        return _wrong_with_ours(found, words[words.index(names[0]) + 1 :]) if found else f"no command {names[0]}"
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    return f"{command.name} has no {given - known}" if given - known else None


@pytest.mark.parametrize("page", [name for name in NAMES if name != "CHANGELOG.md"])
def test_every_command_of_a_page_exists(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = [command for command in all_commands(page) if not _STANDS_FOR.search(command.line)]
    wrong = {command.line: problem for command in found if (problem := wrong_with(command.words))}
    capsys.readouterr()
    assert wrong == {}


@pytest.mark.parametrize(
    "line",
    [
        "optimizer-study sumary",
        "optimizer-study judge x.csv --marginn 1",
        "make everything",
        "dvc exp rum",
        "python -m nil",
    ],
)
def test_a_wrong_command_would_be_found(line: str) -> None:
    assert wrong_with(line.split())


def test_the_reference_names_every_command_and_every_target() -> None:
    page = text("docs/reference/commands.md")
    assert {name for name in GROUP.commands if f"`optimizer-study {name}" not in page} == set()
    assert {name for name in _TARGETS - {"help"} if f"`make {name}`" not in page} == set()


def test_the_reference_names_every_environment_variable_of_a_user() -> None:
    page = text("docs/reference/commands.md")
    code = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("pipeline/**/*.py"))
    ours = set(re.findall(r'"(PIPELINE_[A-Z]+|CIFAR10_[A-Z]+)"', code))
    assert ours
    assert {name for name in ours if f"`{name}`" not in page} == set()
    for name in re.findall(r"^\| `([A-Z0-9_]+)` \|", page, re.MULTILINE):
        assert name in code + (ROOT / "Makefile").read_text(encoding="utf-8"), name
