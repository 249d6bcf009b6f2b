"""The tidy tables of ``results/``, as CSV files that DVC draws."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.project import files
from pipeline.project.errors import DataError, first_line

if TYPE_CHECKING:
    import pandas as pd

# a class may be called 0 or NA: names stay text, and only an empty cell is a missing value
_NAMES = ("problem", "optimizer", "class", "actual", "predicted", "arguments")


@dataclass(frozen=True)
class Table:
    """A CSV file with fixed columns; its path is relative to the project."""

    path: Path
    columns: tuple[str, ...]

    def read(self, root: Path = Path()) -> pd.DataFrame:
        """Read the table of the project in the folder `root`.

        Raises
        ------
        DataError
            If it is missing or damaged, or has other columns.
        """
        import pandas as pd

        path = root / self.path
        if not path.exists():
            raise DataError(f"{path} is missing: run `dvc repro` to make it.")
        remedy = "run `dvc repro` to make it again"
        try:
            frame = pd.read_csv(path, dtype=dict.fromkeys(_NAMES, str), keep_default_na=False, na_values=[""])
        except ValueError as error:  # pandas' own errors of parsing, and those of its encoding
            raise DataError(f"{path} cannot be read ({first_line(error)}): {remedy}.") from None
        if tuple(frame.columns) != self.columns:
            found, wanted = ", ".join(frame.columns), ", ".join(self.columns)
            raise DataError(f"{path} has columns {found}; expected {wanted}: {remedy}.")
        return frame

    def write(self, frame: pd.DataFrame) -> None:
        """Write the table, floats to eight significant digits, atomically."""
        files.write_csv(self.path, frame[list(self.columns)])


PER_CLASS = Table(Path("results/per_class.csv"), ("problem", "optimizer", "class", "accuracy", "low", "high"))
"""Test accuracy of each class (fraction, mean over seeds) with its 95 % Wilson interval."""

CONFUSION = Table(Path("results/confusion_matrix.csv"), ("problem", "actual", "predicted", "count"))
"""The confusion matrix of each problem's champion in long form."""

TRAINING_CURVES = Table(
    Path("results/training_curves.csv"),
    (
        *("problem", "optimizer", "step", "images", "epoch", "train_loss", "update"),
        *("validation_loss", "validation_accuracy", "validation_accuracy_low", "validation_accuracy_high"),
    ),
)
"""Means over seeds: losses in nats, `update` the root mean square of a step's change, accuracy as a fraction with its
95 % interval (Student's t)."""

RUNS = Table(
    Path("results/runs.csv"),
    (
        *("problem", "optimizer", "seed", "learning_rate", "arguments", "validation_accuracy", "test_accuracy"),
        *("validation_loss", "test_loss", "train_loss", "diverged"),
    ),
)
"""The training that each seed picked: accuracies as fractions, losses in nats, empty where there is none."""

SEARCHES = Table(
    Path("results/searches.csv"),
    (
        *("problem", "optimizer", "learning_rate", "arguments", "number", "validation_accuracy", "validation_loss"),
        *("diverged_at", "hopeless", "survivor"),
    ),
)
"""Every trial of the searches: `number` is the place in the sequence of points, empty for the default setting, which
is never chosen; `diverged_at` a step; `hopeless` a trial that ended early; `survivor` its rank, from 0, or empty."""
