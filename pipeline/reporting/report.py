"""The whole report: its sections in their order, in both formats, with its pictures."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from pipeline.project import files
from pipeline.reporting import sections
from pipeline.reporting.formats import html, markdown
from pipeline.reporting.items import Folded, Picture
from pipeline.reporting.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipeline.reporting.items import Item
    from pipeline.reporting.results import Results

TITLE = "Is Adam always the best choice?"
ORDER = (
    "answer",
    "verdicts",
    "ranking",
    "comparison",
    "assignment",
    "training",
    "learning_rates",
    "per_class",
    "confusion",
    "cost",
    "others",
    "diverged",
    "backprop",
    "setup",
)


def items(results: Results) -> list[Item]:
    """Return the report's items: the sections of `ORDER`, then any other file in ``sections/`` by its name.

    A section whose evidence is absent has no items.
    """
    found = sorted(module.name for module in pkgutil.iter_modules(sections.__path__))
    order = [name for name in ORDER if name in found] + [name for name in found if name not in ORDER]
    return [item for name in order for item in _section(name, results)]


def _section(name: str, results: Results) -> list[Item]:
    # a section that is called as a part of the results needs that part
    if getattr(results, name, True) is None:
        return []
    module = importlib.import_module(f"{sections.__name__}.{name}")
    # the worked example knows nothing of the study
    built: list[Item] = module.build(results.backprop if name == "backprop" else results)
    return built


def write(results: Results, folder: Path) -> None:
    """Write ``report.html``, ``report.md`` and ``figures/*.svg``; the same results give the same bytes.

    Parameters
    ----------
    results
        Of a finished study.
    folder
        Where to; pictures in its ``figures/`` that this report does not have are removed.

    Raises
    ------
    ValueError
        Where two different pictures have one name.
    """
    everything = items(results)
    subtitle = _subtitle(results)
    figures = _figures(everything)
    for name, svg in figures.items():
        files.write_text(folder / markdown.FIGURES / f"{name}.svg", svg)
    for path in (folder / markdown.FIGURES).glob("*.svg"):
        if path.stem not in figures:
            path.unlink()
    files.write_text(folder / "report.md", markdown.render(everything, TITLE, subtitle))
    files.write_text(folder / "report.html", html.render(everything, TITLE, subtitle))


def pictures(everything: Iterable[Item]) -> Iterator[Picture]:
    """Yield all pictures of a report, folded ones too."""
    for item in everything:
        if isinstance(item, Folded):
            yield from pictures(item.items)
        if isinstance(item, Picture):
            yield item


def _figures(everything: Iterable[Item]) -> dict[str, str]:
    figures: dict[str, str] = {}
    for picture in pictures(everything):
        if figures.setdefault(picture.name, picture.svg) != picture.svg:
            raise ValueError(f"two different pictures are called {picture.name}")
    return figures


def _subtitle(results: Results) -> str:
    found = results.environment
    titles = listed([results.title(problem) for problem in results.settings.problems])
    return (
        f"{counted(len(results.settings.optimizers), 'optimizer')} on {titles}. Measured on {found['processor']}, "
        f"{counted(found['cores'], 'core')}, with PyTorch {found['versions']['torch']}."
    )
