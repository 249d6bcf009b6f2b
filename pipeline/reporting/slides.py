"""The report's main figures as pictures for slides: 16:9, with their titles inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.reporting import report
from pipeline.reporting.formats.markdown import plain
from pipeline.reporting.items import Picture

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.reporting.study_results import Results

_HEIGHT = 1080  # pixels
# inches: a lower figure would have letters out of proportion, a higher one letters that the last row cannot read
_LOWEST, _HIGHEST = 4.5, 6.4
_TITLE = 0.5  # inches


def write(results: Results, folder: Path) -> list[Path]:
    """Write a PNG of 1920 × 1080 for every figure that the report does not fold away, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for picture in report.items(results):
        if isinstance(picture, Picture):
            figure = picture.figure
            height = min(max(_LOWEST, figure.get_size_inches()[1] + _TITLE), _HIGHEST)
            figure.set_size_inches(height * 16 / 9, height)
            figure.suptitle(plain(picture.title), size=14, weight="bold")
            path = folder / f"{picture.name}.png"
            figure.savefig(path, dpi=_HEIGHT / height, metadata={"Software": None})
            written.append(path)
    return written
