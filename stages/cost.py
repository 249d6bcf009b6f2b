"""Time every optimizer's step against SGD's. The only stage whose output may differ from run to run."""

from __future__ import annotations

from pipeline.console import quiet
from pipeline.console.timing import stage_time
from pipeline.project import errors
from pipeline.running import pool, refusals
from pipeline.settings import loading


def main() -> None:
    """Write the ratios, their spread and the bytes of state, and the time of a step by problem."""
    with stage_time("cost"):
        pool.start_server()
        # imports torch, at the same time as the fork server does; all imports are over before anything is timed
        from pipeline import cost

        settings = loading.load()
        tasks = cost.timing_tasks(settings)
        measured: list[tuple[cost.TimingTask, cost.Measurement]] = []
        # one after the other in a process of the pool, which has the memory settings of a training; alone, so that
        # nothing disturbs it
        different = [task for place, task in enumerate(tasks.values()) if task not in [*tasks.values()][:place]]
        pool.parallel(cost.measure, different, 1, lambda *one: measured.append(one), lambda task: f"timing {task.network}")
        by_problem = {name: next(one for timed, one in measured if timed == task) for name, task in tasks.items()}
        cost.relative(by_problem[settings.main_problem], by_problem).write()


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message(), refusals.in_words():
        main()
