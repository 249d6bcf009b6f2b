"""Time every optimizer's step against SGD's. The only stage whose output may differ from run to run."""

from __future__ import annotations

from pipeline import config, cost, errors, execution, files, noise, paths
from pipeline.timing import stage_time


def main() -> None:
    """Write the ratios, their spread and the bytes of state."""
    execution.start_server()
    settings = config.load()
    with stage_time("cost"):
        # in a process of the pool, which has the memory settings of a training; alone, so that nothing disturbs it
        execution.parallel(cost.measure, [cost.assignment(settings)], 1, _write, lambda _: "the timing of stage cost")


def _write(_: cost.Assignment, measurement: cost.Measurement) -> None:
    files.write_json(paths.COST, cost.relative(measurement))


if __name__ == "__main__":
    noise.hush()
    with errors.one_message():
        main()
