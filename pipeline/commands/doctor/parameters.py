"""Whether ``params.yaml`` is valid, and its rows are accepted by torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.commands.doctor.finding import Finding, ok, problem
from pipeline.commands.doctor.versions import REINSTALL
from pipeline.project.errors import SettingsError
from pipeline.project.wording import counted
from pipeline.running import rows
from pipeline.settings import loading

if TYPE_CHECKING:
    from pipeline.settings.study import Settings

_SUBJECT = "params.yaml"


def check() -> tuple[Settings | None, Finding]:
    """Read and check ``params.yaml``; return the settings, or None where they are wrong."""
    try:
        settings = loading.load()
    except SettingsError as error:
        return None, problem(_SUBJECT, str(error), "correct it; what depends on it was not checked")
    return settings, _rows(settings)


def _rows(settings: Settings) -> Finding:
    try:
        rows.check_here(settings)
    except SettingsError as error:
        return problem(_SUBJECT, str(error), "correct that row")
    except (ImportError, OSError) as error:
        return problem(_SUBJECT, f"torch cannot check its rows: {error}", REINSTALL)
    counts = f"{counted(len(settings.problems), 'problem')}, {counted(len(settings.optimizers), 'optimizer')}"
    return ok(_SUBJECT, f"{counts}; torch accepts every row")
