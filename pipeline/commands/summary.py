"""``optimizer-study summary``: the answer in a few lines."""

from __future__ import annotations

from pipeline.settings import loading


def summary() -> None:
    """Print the answer of the last study in a few lines, and where its report is.

    Example, after `dvc repro`:

    optimizer-study summary
    """
    from pipeline.reporting import study_results
    from pipeline.reporting.summary import lines

    print("\n".join(lines(study_results.load(loading.load()))))
