"""Compare the optimizers, and judge every claim: ``python -m stages.compare``."""

from __future__ import annotations

import pandas as pd

from pipeline import claims, comparison, config, errors, files, paths
from pipeline.claims.evidence import Evidence
from pipeline.data import problems
from pipeline.timing import stage_time


def main() -> None:
    """Write the comparison and the verdicts."""
    settings = config.load()
    with stage_time("compare"):
        metrics = files.read_json(paths.METRICS)
        learning_rates = pd.read_csv(paths.LEARNING_RATES)
        cost = files.read_json(paths.COST) if paths.COST.exists() else None
        found = comparison.compare(settings.comparison, metrics, learning_rates)
        labels = {name: row.label for name, row in settings.optimizers.items()}
        titles = {name: problems.by_name(name).TITLE for name in settings.problems}
        evidence = Evidence(settings.comparison, metrics, found, cost, labels, titles)
        files.write_json(paths.COMPARISON, found)
        files.write_json(paths.VERDICTS, claims.judge_all(evidence))


if __name__ == "__main__":
    with errors.one_message():
        main()
