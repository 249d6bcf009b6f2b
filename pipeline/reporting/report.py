"""The whole report: its sections in their order, in both formats, with its pictures."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from pipeline.project import files
from pipeline.reporting import sections
from pipeline.reporting.drawing.figures import to_narrow_svg, to_svg
from pipeline.reporting.formats import html, markdown
from pipeline.reporting.formats.html import Drawn
from pipeline.reporting.items import Heading, pictures
from pipeline.reporting.persian import page as persian

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.reporting.items import Item, Picture
    from pipeline.reporting.study_results import Results

TITLE = "Is Adam always the best choice?"
LEAD = ("answer", "recommend")  # stands above the list of contents
ORDER = (
    "answer",
    "recommend",
    "verdicts",
    "ranking",
    "aggregates",
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
    lead, body = _parts(results)
    return [*lead, *body]


def _parts(results: Results) -> tuple[list[Item], list[Item]]:
    """Return the items above the list of contents, and those below."""
    found = sorted(module.name for module in pkgutil.iter_modules(sections.__path__))
    order = [name for name in ORDER if name in found] + [name for name in found if name not in ORDER]
    parts = [[item for name in order if (name in LEAD) == lead for item in _section(name, results)] for lead in (1, 0)]
    return parts[0], parts[1]


def _section(name: str, results: Results) -> list[Item]:
    module = importlib.import_module(f"{sections.__name__}.{name}")
    # the worked example knows nothing of the study
    part = results.backprop if name == "backprop" else results
    built: list[Item] = [] if part is None else module.build(part)
    return built


def write(results: Results, folder: Path) -> None:
    """Write ``report.html``, ``report.md``, ``details.md`` and ``figures/*.svg``; the same results give the same bytes.

    Pictures in the folder's ``figures/`` that this report does not have are removed.

    Raises
    ------
    ValueError
        Where two different pictures have one name, or a formula is no valid LaTeX.
    """
    lead, body = _parts(results)
    figures = _write_figures([*lead, *body], folder / markdown.FIGURES)
    headings = [item for item in body if isinstance(item, Heading) and item.level == 2]
    contents = {heading.anchor: markdown.plain(heading.text) for heading in headings}
    files.write_text(folder / markdown.REPORT, markdown.document(TITLE, lead, contents, body))
    files.write_text(folder / markdown.DETAILS, markdown.details(TITLE, [*lead, *body]))
    texts = (markdown.blocks(lead), contents, markdown.blocks(body))
    files.write_text(folder / "report.html", html.page(TITLE, *texts, figures))
    persian.write(results, folder)


def _write_figures(everything: Sequence[Item], folder: Path) -> dict[str, Drawn]:
    figures: dict[str, Drawn] = {}
    for picture in pictures(everything):
        # what is folded away is scrolled on a phone
        drawn = _drawn(picture, phone=picture in everything)
        if figures.setdefault(picture.name, drawn) != drawn:
            raise ValueError(f"two different pictures are called {picture.name}")
        files.write_text(folder / f"{picture.name}.svg", drawn.wide)
    for path in folder.glob("*.svg"):
        if path.stem not in figures:
            path.unlink()
    return figures


def _drawn(picture: Picture, *, phone: bool) -> Drawn:
    narrow = to_narrow_svg(picture.figure, picture.narrow) if phone and picture.narrow else None
    return Drawn(to_svg(picture.figure), narrow)
