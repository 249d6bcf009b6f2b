"""``results/summary.json`` and ``results/accuracies.json``: what ``dvc exp show`` and ``dvc metrics diff`` list."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import RootModel

from pipeline.project import files
from pipeline.results.document import Document


class Summary(Document):
    """The row of an experiment in ``dvc exp show``."""

    PATH = Path("results/summary.json")
    SCHEMA = None

    champion: str
    # mean test accuracy on the main problem, in percent: of the champion's optimizer (`champion`), then of each; empty
    # where the problem is judged by its loss
    accuracy: dict[str, float | None]
    lead: dict[str, float | None]  # by problem: the champion's optimizer over the baseline, in percentage points
    claims: dict[str, int]  # how many claims got each verdict
    loss: dict[str, float | None] = {}  # as `accuracy`: the mean test loss, where the problem is judged by it


class Accuracies(RootModel[dict[str, dict[str, float | None]]]):
    """Mean test accuracy in percent, by problem and optimizer; None where every seed diverged."""

    PATH: ClassVar[Path] = Path("results/accuracies.json")

    def write(self, path: Path | None = None) -> None:
        """Write the file, atomically."""
        files.write_json(self.PATH if path is None else path, self.root)
