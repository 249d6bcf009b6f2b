"""All rows of ``params.yaml`` tried before any work: networks by name, optimizers by a step of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.running import pool

if TYPE_CHECKING:
    from pipeline.settings.study import Settings


def check(settings: Settings) -> None:
    """Check all rows against torch, and all networks, before any work.

    Raises
    ------
    SettingsError
        Where a class, an argument or a network is unknown or refused.
    """
    # in a worker, because torch is there already: its import costs more than everything else here
    pool.parallel(check_here, [settings], 1, lambda _, __: None)


def check_here(settings: Settings) -> None:
    """Check as `check` does, in this process."""
    from pipeline.running import torch_defaults, torch_ranges
    from pipeline.training import networks, optimizers

    for problem in settings.problems.values():
        networks.check(problem.network)
    for name, row in settings.optimizers.items():
        content = row.model_dump(by_alias=True)
        torch_defaults.check_kinds(name, content)
        torch_ranges.check_values(name, content)
        optimizers.check(name, content, row.learning_rate)
