"""Time every optimizer's step against SGD's. The only stage whose output may differ from run to run."""

from __future__ import annotations

from pipeline.console import quiet
from pipeline.console.timing import stage_time
from pipeline.project import errors, paths
from pipeline.running import pool, refusals
from pipeline.settings import loading


def main() -> None:
    """Write the ratios, their spread and the bytes of state, and the time of a step by problem."""
    with stage_time("cost"):
        pool.start_server()
        # imports torch, at the same time as the fork server does; all imports are over before anything is timed
        from pipeline import cost

        settings = loading.load()
        by_problem: dict[str, cost.Measurement] = {}
        timed: dict[tuple[str, ...], cost.Measurement] = {}

        def keep(task: cost.TimingTask, measured: cost.Measurement) -> None:
            timed[task.problems] = measured

        tasks, folder = cost.timing_tasks(settings), paths.timings()
        new = [task for task in (cost.untimed(folder, task) for task in tasks) if task.rows]
        # one after the other in a process of the pool, which has the memory settings of a training; alone, so that
        # nothing disturbs it
        pool.parallel(cost.measure, new, 1, keep, lambda _: "a timing of stage cost")
        for task in tasks:
            measured = cost.completed(folder, task, timed.get(task.problems))
            by_problem.update(dict.fromkeys(task.problems, measured))
        cost.relative(by_problem[settings.main_problem], by_problem).write()


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message(), refusals.in_words():
        main()
