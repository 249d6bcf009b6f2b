"""Compare the optimizers, and judge every claim: ``python -m stages.compare``."""

from __future__ import annotations

import pandas as pd

from pipeline import claims, comparison, config, errors, files, noise, paths
from pipeline.claims.evidence import Evidence
from pipeline.claims.verdict import Outcome
from pipeline.comparison import key_figures
from pipeline.data import problems
from pipeline.timing import stage_time


def main() -> None:
    """Write the comparison, the verdicts and the key figures."""
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
        verdicts = claims.judge_all(evidence)
        files.write_json(paths.VERDICTS, verdicts)
        said = [record["verdict"] for record in verdicts.values()]
        champions = files.read_json(paths.CHAMPION)
        counts = {str(outcome): said.count(outcome) for outcome in Outcome}
        baseline = settings.comparison.baseline
        summary = key_figures.summary(baseline, settings.main_problem, metrics, champions, counts)
        files.write_json(paths.SUMMARY, summary)
        files.write_json(paths.ACCURACIES, key_figures.accuracies(metrics))


if __name__ == "__main__":
    noise.hush()
    with errors.one_message():
        main()
