"""The whole report: its sections in their order, in both formats, with its pictures."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from pipeline.project import files
from pipeline.project.wording import counted
from pipeline.reporting import sections
from pipeline.reporting.formats import html, markdown
from pipeline.reporting.items import Folded, Heading, Picture
from pipeline.reporting.persian import page as persian

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipeline.reporting.items import Item
    from pipeline.reporting.study_results import Results

TITLE = "Is Adam always the best choice?"
ORDER = (
    "answer",
    "recommend",
    "verdicts",
    "ranking",
    "comparison",
    "assignment",
    "training",
    "search",
    "per_class",
    "confusion",
    "cost",
    "others",
    "diverged",
    "backprop",
    "setup",
)


def items(results: Results) -> list[Item]:
    """Return the report's items: the sections of `ORDER`, then any other file of ``sections/`` by its name."""
    found = sorted(module.name for module in pkgutil.iter_modules(sections.__path__))
    order = [name for name in ORDER if name in found] + [name for name in found if name not in ORDER]
    return [item for name in order for item in _section(name, results)]


def _section(name: str, results: Results) -> list[Item]:
    module = importlib.import_module(f"{sections.__name__}.{name}")
    # the worked example knows nothing of the study
    part = results.backprop if name == "backprop" else results
    built: list[Item] = [] if part is None else module.build(part)
    return built


def write(results: Results, folder: Path) -> None:
    """Write ``report.html``, ``report.md`` and ``figures/*.svg``; the same results give the same bytes.

    Pictures in the folder's ``figures/`` that this report does not have are removed.

    Raises
    ------
    ValueError
        Where two different pictures have one name, or a formula is no valid LaTeX.
    """
    everything = items(results)
    figures = _write_figures(everything, folder / markdown.FIGURES)
    headings = [item for item in everything if isinstance(item, Heading) and item.level == 2]
    contents = {heading.anchor: markdown.plain(heading.text) for heading in headings}
    subtitle, body = markdown.inline(_subtitle(results)), markdown.blocks(everything)
    files.write_text(folder / "report.md", markdown.document(TITLE, subtitle, contents, body))
    files.write_text(folder / "report.html", html.page(TITLE, subtitle, contents, body, figures))
    persian.write(results, folder)


def _write_figures(everything: Iterable[Item], folder: Path) -> dict[str, str]:
    figures: dict[str, str] = {}
    for picture in _pictures(everything):
        if figures.setdefault(picture.name, picture.svg) != picture.svg:
            raise ValueError(f"two different pictures are called {picture.name}")
        files.write_text(folder / f"{picture.name}.svg", picture.svg)
    for path in folder.glob("*.svg"):
        if path.stem not in figures:
            path.unlink()
    return figures


def _pictures(everything: Iterable[Item]) -> Iterator[Picture]:
    for item in everything:
        if isinstance(item, Folded):
            yield from _pictures(item.items)
        if isinstance(item, Picture):
            yield item


def _subtitle(results: Results) -> str:
    found, settings = results.environment, results.settings
    titles = "; ".join(results.title(problem) for problem in settings.study)
    return (
        f"{counted(len(settings.optimizers), 'optimizer')} on {counted(len(settings.study), 'problem')} ({titles}). "
        f"Measured on {found.processor}, {counted(found.cores, 'core')}, with PyTorch {found.versions['torch']}."
    )
