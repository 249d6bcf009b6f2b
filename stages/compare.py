"""Compare the optimizers, and judge every claim: ``python -m stages.compare``."""

from __future__ import annotations

from pipeline.comparison import claims, compare, key_figures, recommending
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
    """Write the comparison, the verdicts, the key figures and the recommendations."""
    settings, rules = loading.load(), comparison_settings.load()
    with stage_time("compare"):
        evidence = Evidence(
            settings=rules,
            metrics=Metrics.read(),
            searches=tables.SEARCHES.read(),
            points=settings.tuning.points,
            cost=Cost.read_if_there(),
            facts=Problems.read().problems,
            constant=[name for name in settings.study if settings.problems[name].schedule == "constant"],
            labels={name: row.label for name, row in settings.optimizers.items()},
        )
        compare.compare(evidence, tables.TRAINING_CURVES.read()).write()
        verdicts = claims.judge_all(evidence)
        verdicts.write()
        said = [record.verdict for record in verdicts.claims.values()]
        counts = {str(kind): said.count(kind) for kind in VerdictKind}
        main_problem, champions = settings.main_problem, Champions.read()
        key_figures.summary(rules.baseline, main_problem, evidence.metrics, champions, counts).write()
        key_figures.accuracies(evidence.metrics).write()
        spaces = {name: row.search for name, row in settings.optimizers.items()}
        tuned_on = {name: problem.tuned_on for name, problem in settings.problems.items()}
        recommending.recommendations(evidence, spaces, tuned_on).write()


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message():
        main()
