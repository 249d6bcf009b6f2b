"""What to use, from the results that lie here or from those that came with the program."""

from __future__ import annotations

from pathlib import Path

import pipeline
from pipeline.project.errors import DataError, UserError
from pipeline.project.wording import closest
from pipeline.results.recommendations import Recommendations


def recommend(problem: str | None = None, budget: int | None = None) -> Recommendations:
    """Say which optimizer to use, for each problem of the study or for one, after a number of trials.

    How this is found: `pipeline.comparison.recommending.recommendations`.

    Parameters
    ----------
    problem
        The name of a problem of the study; all of them if None.
    budget
        How many settings you can try; 1, 3 and the whole search if None.

    Returns
    -------
    Recommendations
        By problem; `to_frame` gives a table, and a notebook shows one. A budget beyond the study's searches holds no
        choice, but the reason.

    Raises
    ------
    UserError
        Where the study has no such problem, or the budget is below 1.
    DataError
        Where no results are found, or damaged ones.

    Examples
    --------
    >>> recommend("cifar10", budget=3).to_frame()  # doctest: +SKIP
    """
    if budget is not None and budget < 1:
        raise UserError(f"--budget is {budget}, at least 1 is needed.")
    found = Recommendations.read(source())
    if problem is not None:
        if problem not in found.problems:
            raise UserError(f"the study has no problem {problem!r}{closest(problem, found.problems)}.")
        found = Recommendations(problems={problem: found.problems[problem]})
    return found.at(budget)


def source() -> Path:
    """Return the file that is read: the one in this folder's ``results/``, or the one that came with the program."""
    package = Path(pipeline.__file__).parent
    # an installed package has the results in a folder of its own, a clone beside it
    for root in (Path(), package / "shipped", package.parent):
        if (root / Recommendations.PATH).exists():
            return root / Recommendations.PATH
    raise DataError(f"there is no {Recommendations.PATH} here: run this in the project's folder, after `dvc repro`.")
