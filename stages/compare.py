"""Compare the optimizers, and judge every claim: ``python -m stages.compare``."""

from __future__ import annotations

import pandas as pd

from pipeline.comparison import claims, compare, key_figures
from pipeline.comparison import settings as comparison_settings
from pipeline.comparison.evidence import Evidence
from pipeline.comparison.verdict import Outcome
from pipeline.console import quiet
from pipeline.console.timing import stage_time
from pipeline.data import problems
from pipeline.project import errors, files, paths
from pipeline.settings import loading


def main() -> None:
    """Write the comparison, the verdicts and the key figures."""
    settings, rules = loading.load(), comparison_settings.load()
    with stage_time("compare"):
        metrics = files.read_json(paths.METRICS)
        learning_rates = pd.read_csv(paths.LEARNING_RATES)
        cost = files.read_json(paths.COST) if paths.COST.exists() else None
        found = compare.compare(rules, metrics, learning_rates)
        labels = {name: row.label for name, row in settings.optimizers.items()}
        titles = {
            name: row.title or problems.by_name(settings.data_of(name)).TITLE for name, row in settings.problems.items()
        }
        evidence = Evidence(rules, metrics, found, cost, labels, titles)
        files.write_json(paths.COMPARISON, found)
        verdicts = claims.judge_all(evidence)
        files.write_json(paths.VERDICTS, verdicts)
        said = [record["verdict"] for record in verdicts.values()]
        champions = files.read_json(paths.CHAMPION)
        counts = {str(outcome): said.count(outcome) for outcome in Outcome}
        summary = key_figures.summary(rules.baseline, settings.main_problem, metrics, champions, counts)
        files.write_json(paths.SUMMARY, summary)
        files.write_json(paths.ACCURACIES, key_figures.accuracies(metrics))


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message():
        main()
