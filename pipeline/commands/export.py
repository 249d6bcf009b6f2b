"""``optimizer-study slides`` and ``pdf``: the report's figures for slides, and the report on paper."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from pipeline.project import paths
from pipeline.project.errors import UserError
from pipeline.settings import loading

FOLDER = Path("exports")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_LONGEST = 900  # seconds


def slides() -> None:
    """Write the report's main figures as pictures for slides (PNG, 16:9, with titles) to exports/.

    Example, after `dvc repro`:

    optimizer-study slides
    """
    from pipeline.reporting import slides as figures
    from pipeline.reporting import study_results

    written = figures.write(study_results.load(loading.load()), FOLDER)
    print(f"{len(written)} pictures in {FOLDER}/: {', '.join(path.name for path in written)}")


def pdf() -> None:
    """Write the report as exports/report.pdf, everything unfolded; needs Chromium or Chrome.

    Example, after `dvc repro`:

    optimizer-study pdf
    """
    page = paths.REPORTS / "report.html"
    if not page.exists():
        raise UserError(f"{page} is missing: run `dvc repro` to make it.")
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise UserError(f"No Chromium or Chrome was found. Open {page} in any browser and print it to a file.")
    FOLDER.mkdir(exist_ok=True)
    target = (FOLDER / "report.pdf").resolve()
    with tempfile.TemporaryDirectory() as folder:
        unfolded = Path(folder) / "report.html"
        text = page.read_text(encoding="utf-8").replace("<details ", "<details open ")
        unfolded.write_text(text, encoding="utf-8")
        _print(browser, unfolded, target)
    print(f"The report on paper: {FOLDER / 'report.pdf'}")


def _print(browser: str, page: Path, target: Path) -> None:
    # no sandbox: the page is our own and runs no script, and in a container there is none to be had
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")
    command = [browser, *options, f"--user-data-dir={page.parent}", f"--print-to-pdf={target}", page.as_uri()]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_LONGEST)  # noqa: S603 - our own arguments
    except subprocess.SubprocessError as error:
        raise UserError(f"{browser} could not print {page.name} ({type(error).__name__}).") from error
