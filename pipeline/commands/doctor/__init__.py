"""Whether this machine and this project are ready for the study: one file a subject, and what to do where it is not."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pipeline.commands.doctor import data, flow, machine, store, versions
from pipeline.commands.doctor.finding import ok, problem
from pipeline.data import settings as data_settings
from pipeline.project.errors import SettingsError
from pipeline.settings import loading

if TYPE_CHECKING:
    from pipeline.commands.doctor.finding import Finding
    from pipeline.settings.study import Settings


def examine() -> list[Finding]:
    """Look at versions, settings, machine, data, MLflow store and DVC outputs; nothing is changed.

    Returns
    -------
    list of Finding
        In the order in which they are shown. Where ``params.yaml`` is wrong, what depends on it is left out.
    """
    # each of the two waits for a process or a server, while torch is imported here
    with ThreadPoolExecutor() as waiting:
        stale, runs = waiting.submit(flow.stale), waiting.submit(store.runs)
        settings, of_settings = _settings()
        found = [*versions.check(), *of_settings, *machine.check(settings)]
        if settings is not None:
            wanted = data_settings.load()
            found += [data.check(name, wanted.sources, os.environ) for name in wanted.archives]
        found += [runs.result(), stale.result()]
    if settings is not None:
        found.append(flow.outputs(list(settings.optimizers)))
    return found


def _settings() -> tuple[Settings | None, list[Finding]]:
    try:
        settings = loading.load()
    except SettingsError as error:
        return None, [problem("params.yaml", str(error), "mend it; what depends on it was not looked at")]
    return settings, [_rows(settings)]


def _rows(settings: Settings) -> Finding:
    from pipeline.running import rows

    try:
        rows.check_here(settings)
    except SettingsError as error:
        return problem("params.yaml", str(error), "mend that row")
    except (ImportError, OSError) as error:
        return problem("params.yaml", f"torch cannot check its rows: {error}", versions.REINSTALL)
    counts = f"{len(settings.problems)} problems, {len(settings.optimizers)} optimizers"
    return ok("params.yaml", f"{counts}; every row accepted by torch")
