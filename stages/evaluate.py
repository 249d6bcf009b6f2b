"""Evaluate every trained network on the test sets, the only stage that reads them."""

from __future__ import annotations

from pipeline.console import quiet
from pipeline.console.timing import stage_time
from pipeline.evaluation import champion, evaluate
from pipeline.prepared import reader
from pipeline.project import environment, errors, files, paths
from pipeline.running import outputs, pool
from pipeline.running import settings as execution_settings
from pipeline.settings import loading
from pipeline.tracking import publishing


def main() -> None:
    """Write metrics, tables, predictions and the champion, and tell MLflow."""
    pool.start_server()
    settings = loading.load()
    with stage_time("evaluate"):
        found = evaluate.evaluate(settings, execution_settings.load().worker_count())
        files.write_json(paths.METRICS, found.metrics)
        files.write_csv(paths.PER_CLASS, found.per_class)
        files.write_csv(paths.CONFUSION, found.confusion)
        files.write_csv(paths.TRAINING_CURVES, found.training_curves)
        files.write_csv(paths.LEARNING_RATES, found.learning_rates)
        files.write_json(paths.ENVIRONMENT, environment.describe())
        for problem, predictions in found.predictions.items():
            files.write_tensors(paths.predictions(problem), predictions)
        champions = {name: evaluate.champion_record(outcome, settings) for name, outcome in found.champions.items()}
        files.write_json(paths.CHAMPION, champions)
        best = found.champions[settings.main_problem].training
        weights = outputs.read_weights(best.optimizer, best.problem)[best.seed]
        learning = paths.learning(best.problem)
        largest = int(reader.open_part(learning, "train").inputs.max())
        champion.write(paths.CHAMPION_WEIGHTS, champions[best.problem], reader.describe(learning), largest, weights)
        publishing.publish_evaluation(settings)


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message():
        main()
