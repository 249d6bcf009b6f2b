"""Write the report: the answer first, then the evidence."""

from __future__ import annotations

import os

from pipeline.console import quiet
from pipeline.console.timing import stage_time
from pipeline.project import errors, files, paths
from pipeline.reporting import card, report, study_results
from pipeline.reporting.drawing import colours
from pipeline.settings import loading
from pipeline.tracking import publishing


def main() -> None:
    """Write ``reports/`` and the champion's card from ``results/``, and tell MLflow."""
    settings = loading.load()
    with stage_time("report"):
        results = study_results.load(settings)
        report.write(results, paths.REPORTS)
        files.write_text(paths.CHAMPION_CARD, card.text(results))
        publishing.publish_report(settings, colours.by_optimizer(settings.optimizers))
    if "DVC_EXP_NAME" in os.environ:
        print("This experiment beside all others: make experiments")


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message():
        main()
