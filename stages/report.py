"""Write the report: the answer first, then the evidence."""

from __future__ import annotations

from pipeline.console import quiet
from pipeline.console.timing import stage_time
from pipeline.project import errors, paths
from pipeline.reporting import report, study_results
from pipeline.settings import loading


def main() -> None:
    """Write ``reports/`` from ``results/``."""
    with stage_time("report"):
        report.write(study_results.load(loading.load()), paths.REPORTS)


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message():
        main()
