"""Tables of results, and the command as a person meets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import typer
from typer.testing import CliRunner

from pipeline.commands.judge.command import judge
from pipeline.project.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


def results(seeds: int = 10, **gaps: float) -> pd.DataFrame:
    """One row per optimizer and seed: a common effect of the seed, a little noise, and the optimizer's gap."""
    rng = np.random.default_rng(0)
    common = rng.normal(0.6, 0.01, seeds)
    return pd.concat(
        pd.DataFrame(
            {
                "optimizer": name,
                "seed": range(seeds),
                "test_accuracy": (common + gap + rng.normal(0, 0.001, seeds)).round(4),
            }
        )
        for name, gap in gaps.items()
    ).reset_index(drop=True)


def wide(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with one column per optimizer; the index is the seed."""
    return frame.pivot_table(index="seed", columns="optimizer", values="test_accuracy").rename_axis(columns=None)


def run(*arguments: str | Path, given: bytes | None = None) -> tuple[int, str, str]:
    """Return exit status, standard output and the one message, as the command line proper would."""
    app = typer.Typer()
    app.command()(judge)
    outcome = CliRunner().invoke(app, [str(argument) for argument in arguments], input=given)
    if isinstance(outcome.exception, UserError):
        return outcome.exception.exit_status, outcome.stdout, str(outcome.exception)
    assert outcome.exception is None
    return outcome.exit_code, outcome.stdout, outcome.stderr
