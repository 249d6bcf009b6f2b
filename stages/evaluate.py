"""Evaluate every trained network on the test sets, the only stage that reads them."""

from __future__ import annotations

from pipeline import champion, config, environment, errors, execution, files, noise, outputs, paths, publishing, study
from pipeline.data import prepared
from pipeline.timing import stage_time


def main() -> None:
    """Write metrics, tables, predictions and the champion, and tell MLflow."""
    execution.start_server()
    settings = config.load()
    with stage_time("evaluate"):
        found = study.evaluate(settings)
        files.write_json(paths.METRICS, found.metrics)
        files.write_csv(paths.PER_CLASS, found.per_class)
        files.write_csv(paths.CONFUSION, found.confusion)
        files.write_csv(paths.TRAINING_CURVES, found.training_curves)
        files.write_csv(paths.LEARNING_RATES, found.learning_rates)
        files.write_json(paths.ENVIRONMENT, environment.describe())
        for problem, predictions in found.predictions.items():
            files.write_tensors(paths.predictions(problem), predictions)
        champions = {name: study.champion_record(outcome, settings) for name, outcome in found.champions.items()}
        files.write_json(paths.CHAMPION, champions)
        best = found.champions[settings.main_problem].training
        weights = outputs.read_weights(best.optimizer, best.problem)[best.seed]
        learning = paths.learning(best.problem)
        largest = int(prepared.open_part(learning, "train").inputs.max())
        champion.write(paths.CHAMPION_WEIGHTS, champions[best.problem], prepared.describe(learning), largest, weights)
        publishing.publish_evaluation(settings, publishing.tracker(settings))


if __name__ == "__main__":
    noise.hush()
    with errors.one_message():
        main()
