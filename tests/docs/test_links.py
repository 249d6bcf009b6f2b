"""Links lead somewhere, and every page can be found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pipeline.reporting.persian import page as persian
from tests.conftest import ROOT
from tests.docs.pages import NAMES, prose, text

if TYPE_CHECKING:
    from pathlib import Path

_LINK = re.compile(r"\]\(([^)\s]+)\)")
# what stage `report` writes, whether or not it has run since
_REPORTS = {"report.html", "report.md", persian.NAME}


def links(page: str | Path) -> list[tuple[str, str]]:
    """Return the file and the anchor of each link to a place in the project."""
    found = [link.partition("#") for link in _LINK.findall(prose(page)) if "://" not in link]
    return [(path, anchor) for path, _, anchor in found]


def anchors(page: Path) -> set[str]:
    """Return what a link to a part of the page may name: its headings, as a host writes them, and explicit anchors."""
    content = text(page)
    headings = [re.sub(r"[`*]", "", line) for line in re.findall(r"^#+ (.*)$", content, re.MULTILINE)]
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([\w-]+)">', content))


@pytest.mark.parametrize("page", NAMES)
def test_every_link_leads_to_a_file_and_to_a_part_of_it(page: str) -> None:
    wrong = []
    for path, anchor in links(page):
        target = (ROOT / page).parent / path if path else ROOT / page
        made = target.parent.resolve() == ROOT / "reports" and target.name in _REPORTS
        if not (target.exists() or made) or (anchor and target.exists() and anchor not in anchors(target)):
            wrong.append(f"{path}#{anchor}")
    assert wrong == []


def test_the_index_names_every_page_of_docs() -> None:
    index = {(ROOT / "docs" / path).resolve() for path, _ in links("docs/README.md") if path}
    pages = {path for path in (ROOT / "docs").rglob("*.md") if "decisions" not in path.parts}
    assert pages - index == {ROOT / "docs" / "README.md"}
    decisions = {(ROOT / "docs" / "decisions" / path).resolve() for path, _ in links("docs/decisions/README.md")}
    assert decisions >= set((ROOT / "docs" / "decisions").glob("0*.md"))


def test_the_readme_leads_to_the_index_and_is_short() -> None:
    assert "docs/README.md" in [path for path, _ in links("README.md")]
    assert len(text("README.md").splitlines()) <= 150


def test_pages_that_the_code_names_are_there() -> None:
    # all finished trainings are identified by the code of these two folders, so that a comment there waits for a change
    kept = {"training", "prepared"}
    files = [path for path in [*ROOT.glob("pipeline/**/*.py"), *ROOT.glob("stages/*.py")] if not kept & set(path.parts)]
    files += [ROOT / name for name in ("Makefile", "params.yaml", "dvc.yaml", ".gitattributes")]
    named = {
        (str(file.relative_to(ROOT)), name)
        for file in files
        for name in re.findall(r"docs/[\w/-]+(?:\.md)?", file.read_text(encoding="utf-8"))
    }
    wrong = {(file, name) for file, name in named if not list(ROOT.glob(f"{name}*"))}
    assert named
    assert wrong == set()
