"""``results/summary.json`` and ``results/accuracies.json``: what ``dvc exp show`` and ``dvc metrics diff`` list."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import RootModel

from pipeline.project import files
from pipeline.results.document import Document


class Summary(Document):
    """The row of an experiment in ``dvc exp show``.

    Attributes
    ----------
    accuracy
        Mean test accuracy on the main problem in percent: of the champion's optimizer (``champion``), then of each.
    lead
        By problem: the champion's optimizer over the baseline, in percentage points.
    claims
        How many claims came to each verdict.
    """

    PATH = Path("results/summary.json")
    SCHEMA = None

    champion: str
    accuracy: dict[str, float | None]
    lead: dict[str, float | None]
    claims: dict[str, int]


class Accuracies(RootModel[dict[str, dict[str, float | None]]]):
    """Mean test accuracy in percent, by problem and optimizer; None where every seed diverged."""

    PATH: ClassVar[Path] = Path("results/accuracies.json")

    def write(self, path: Path | None = None) -> None:
        """Write the file, atomically."""
        files.write_json(self.PATH if path is None else path, self.root)
