"""The figures that an optimizer's run in MLflow shows: its curves, its classes and, of the champion, the confusions."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.plots import confusion, per_class, training_curves
from pipeline.reporting.study_results import of_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    import pandas as pd

    from pipeline.reporting.study_results import Results

    Drawing = tuple[str, Callable[[], Mapping[str, str]]]


def figures(results: Results) -> dict[tuple[str, str], Drawing]:
    """Return by problem and optimizer a hash of what is drawn, and what draws it: SVG documents by file name.

    An optimizer is drawn beside the baseline. A problem without classes has its curves alone.
    """
    return {
        (problem, name): drawing
        for problem in results.settings.study
        for name, drawing in _of_problem(results, problem).items()
    }


def _of_problem(results: Results, problem: str) -> dict[str, Drawing]:
    plots = {"training_curves": training_curves}
    if len(of_problem(results.per_class, problem)):
        plots["per_class"] = per_class
    frames = {name: plot.data(results, problem) for name, plot in plots.items()}
    found = {}
    for optimizer in results.settings.roster(problem):
        own = {
            name: (plots[name], frame[frame["optimizer"].isin({optimizer, results.baseline})])
            for name, frame in frames.items()
        }
        if results.champions.problems[problem].optimizer == optimizer and len(of_problem(results.confusion, problem)):
            own["confusion_matrix"] = (confusion, confusion.data(results, problem))
        found[optimizer] = (_digest(own), partial(_draw, own))
    return found


def _digest(own: Mapping[str, tuple[ModuleType, pd.DataFrame]]) -> str:
    drawn = "".join(f"{name}\n{frame.to_csv()}" for name, (_, frame) in own.items())
    return hashlib.sha256(drawn.encode()).hexdigest()[:32]


def _draw(own: Mapping[str, tuple[ModuleType, pd.DataFrame]]) -> dict[str, str]:
    return {f"{name}.svg": to_svg(plot.draw(_ranked(frame))) for name, (plot, frame) in own.items() if len(frame)}


def _ranked(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with their places counted again, from 0: the optimizers between are left out."""
    if "rank" not in frame:
        return frame
    return frame.assign(rank=frame["rank"].rank(method="dense").astype(int) - 1)
