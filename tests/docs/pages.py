"""The pages that people read, their blocks, and the commands in them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGES = sorted(
    path.relative_to(ROOT)
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "optimizers").glob("*.md")]
)
NAMES = [str(path) for path in PAGES]
SHELL = ("bash", "sh", "console")
ELISION = "…"

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
# of a line in backquotes: what begins with one of these is a command, and not just the name of a program
_PROGRAMS = r"(optimizer-study|make|dvc|python -m) \S"


@dataclass(frozen=True)
class Command:
    """A command line, and what the page shows as its output."""

    line: str
    shown: str = ""

    @property
    def words(self) -> list[str]:
        """The words of the first command, without what a shell would do with it."""
        return shlex.split(re.split(r" (?:&&|\|\||[|>&]) ", self.line)[0], comments=True)


def text(page: Path | str) -> str:
    """Return a page as it is."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: Path | str) -> list[tuple[str, str]]:
    """Return the fenced blocks of a page: the language, and what is inside."""
    return _FENCE.findall(text(page))


def prose(page: Path | str) -> str:
    """Return a page without its blocks."""
    return _FENCE.sub("", text(page))


def commands(block: str, language: str) -> list[Command]:
    """Return the commands of a block; of a ``console`` block those after ``$``, each with what follows."""
    block = re.sub(r"\\\n\s*", " ", block)
    # a document of its own, which a command reads
    block = re.sub(r"<<'(\w+)'\n.*?^\1$", "", block, flags=re.DOTALL | re.MULTILINE)
    if language != "console" or "$ " not in block:
        lines = [line.strip() for line in block.splitlines()]
        return [Command(line) for line in lines if line and not line.startswith("#")]
    found = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, shown = part.partition("\n")
        found.append(Command(line, shown))
    return found


def all_commands(page: Path | str) -> list[Command]:
    """Return the commands in the blocks of a page and between its words."""
    inside = [command for language, block in blocks(page) if language in SHELL for command in commands(block, language)]
    between = [Command(line) for line in _INLINE.findall(prose(page)) if re.match(_PROGRAMS, line)]
    return inside + between


def shows(shown: str, printed: str) -> str | None:
    """Return the first piece of what a page shows that was not printed, in its order; None if all of it was.

    A page may leave something out (…), and breaks long lines where it likes.
    """
    left = " ".join(printed.split())
    pieces = [piece.strip() for piece in " ".join(shown.split()).split(ELISION)]
    for piece in filter(None, pieces):
        _, found, left = left.partition(piece)
        if not found:
            return piece
    return None
