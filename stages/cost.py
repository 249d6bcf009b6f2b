"""Time every optimizer's step against SGD's. The only stage whose output may differ from run to run."""

from __future__ import annotations

from pipeline.console import quiet
from pipeline.console.timing import stage_time
from pipeline.project import errors
from pipeline.running import pool, refusals
from pipeline.settings import loading


def main() -> None:
    """Write the ratios, their spread and the bytes of state."""
    with stage_time("cost"):
        pool.start_server()
        # imports torch, at the same time as the fork server does; all imports are over before anything is timed
        from pipeline import cost

        def write(_: cost.TimingTask, measurement: cost.Measurement) -> None:
            cost.relative(measurement).write()

        settings = loading.load()
        # in a process of the pool, which has the memory settings of a training; alone, so that nothing disturbs it
        pool.parallel(cost.measure, [cost.timing_task(settings)], 1, write, lambda _: "the timing of stage cost")


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message(), refusals.in_words():
        main()
