"""The report's page as a browser shows it: accessible, valid, and nothing wider than the screen."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
NPM, NODE = shutil.which("npm"), shutil.which("node")
REPORT = Path(__file__).parents[2] / "reports" / "report.html"
TOOLS = ("axe-core@4", "html-validate@9")
RULES = {
    "extends": ["html-validate:standard"],
    "rules": {
        # taste, not validity
        **dict.fromkeys(("long-title", "no-inline-style", "void-style", "no-trailing-whitespace"), "off"),
        # a region that is scrolled needs the keyboard, and the lists of a wide table a name
        **dict.fromkeys(("prefer-native-element", "no-redundant-role"), "off"),
    },
}
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path")]


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """axe-core and html-validate, installed by npm beside the tests."""
    if NPM is None or NODE is None:
        pytest.skip("no npm on the path")
    folder = tmp_path_factory.mktemp("npm")
    done = subprocess.run([NPM, "install", "--no-audit", "--no-fund", "--prefix", str(folder), *TOOLS], check=False)
    if done.returncode:
        pytest.skip("npm could not install axe-core and html-validate")
    return folder / "node_modules"


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_screen(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(REPORT.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # one drawing of each figure is seen, and its letters are large enough to be read
    sizes = page.evaluate(
        """() => [...document.querySelectorAll('figure .card')].map(card => {
             const seen = [...card.querySelectorAll('svg')].filter(svg => svg.getClientRects().length);
             // of every text the height of its line, however it is turned: a digit is narrower than that
             const heights = [...(seen[0]?.querySelectorAll('text') ?? [])].map(text =>
               text.getBBox().height * Math.hypot(text.getScreenCTM().a, text.getScreenCTM().b));
             return [seen.length, Math.min(...heights, 99), !!card.closest('details:not([open])')];
           })"""
    )
    for count, height, folded in sizes:
        assert folded or (count == 1 and height >= 7)


def test_a_link_to_a_fold_shows_what_is_in_it(page: Any) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(REPORT.as_uri())
    fold = page.locator("details:has(table)").first
    assert not fold.locator("table").first.is_visible()
    page.goto(f"{REPORT.as_uri()}#{fold.get_attribute('id')}")
    page.reload()
    assert fold.locator("table").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Any, tools: Path, scheme: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(REPORT.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    page.add_script_tag(path=str(tools / "axe-core" / "axe.min.js"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []


def test_the_page_is_valid_html(tools: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"root": True, **RULES}), encoding="utf-8")
    command = [str(NODE), str(tools / "html-validate" / "bin" / "html-validate.mjs"), "--config", str(rules)]
    done = subprocess.run([*command, "--formatter", "json", str(REPORT)], check=False, capture_output=True, text=True)
    found = [one for file in json.loads(done.stdout) for one in file["messages"]]
    assert [(one["ruleId"], one["message"], one["line"]) for one in found] == []
