"""Evaluate every trained network on the test sets."""

from __future__ import annotations

from pipeline.console import quiet
from pipeline.console.timing import stage_time
from pipeline.evaluation import evaluate
from pipeline.project import errors
from pipeline.running import pool, refusals
from pipeline.running import settings as execution_settings
from pipeline.settings import loading
from pipeline.tracking import publishing


def main() -> None:
    """Write metrics, tables and the champion, and tell MLflow."""
    pool.start_server()
    settings = loading.load()
    with stage_time("evaluate"):
        evaluate.evaluate(settings, execution_settings.load().worker_count())
        publishing.publish_evaluation(settings)


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message(), refusals.in_words():
        main()
