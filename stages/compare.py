"""Compare the optimizers, and judge every claim: ``python -m stages.compare``."""

from __future__ import annotations

from pipeline.comparison import claims, compare, key_figures, recommending, runs
from pipeline.comparison import settings as comparison_settings
from pipeline.comparison.decisions import VerdictKind
from pipeline.comparison.evidence import Evidence
from pipeline.console import quiet
from pipeline.console.timing import stage_time
from pipeline.project import errors
from pipeline.results import tables
from pipeline.results.champions import Champions
from pipeline.results.cost import Cost
from pipeline.results.metrics import Metrics
from pipeline.results.problems import Problems
from pipeline.settings import loading


def main() -> None:
    """Write the comparison, the verdicts, the key figures, the recommendations and the table of final trainings."""
    settings, rules = loading.load(), comparison_settings.load()
    with stage_time("compare"):
        metrics = Metrics.read()
        learning_rates = tables.LEARNING_RATES.read()
        found = compare.compare(rules, metrics, learning_rates)
        found.write()
        labels = {name: row.label for name, row in settings.optimizers.items()}
        titles = {name: facts.title for name, facts in Problems.read().problems.items()}
        evidence = Evidence(rules, metrics, found, Cost.read_if_there(), labels, titles)
        verdicts = claims.judge_all(evidence)
        verdicts.write()
        said = [record.verdict for record in verdicts.claims.values()]
        counts = {str(kind): said.count(kind) for kind in VerdictKind}
        key_figures.summary(rules.baseline, settings.main_problem, metrics, Champions.read(), counts).write()
        key_figures.accuracies(metrics).write()
        tuned_on = {name: problem.tuned_on for name, problem in settings.problems.items()}
        recommending.recommendations(evidence, learning_rates, tuned_on).write()
        tables.RUNS.write(runs.runs(metrics, settings.seeds))


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message():
        main()
