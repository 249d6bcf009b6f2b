"""Write the report: the answer first, then the evidence."""

from __future__ import annotations

from pipeline import config, errors, noise, paths
from pipeline.reporting import report, results
from pipeline.timing import stage_time


def main() -> None:
    """Write ``reports/`` from ``results/``."""
    with stage_time("report"):
        report.write(results.load(config.load()), paths.REPORTS)


if __name__ == "__main__":
    noise.hush()
    with errors.one_message():
        main()
