"""Cores, memory, disk, and what ``auto`` means here."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.doctor.finding import Finding, ok, problem, warning
from pipeline.commands.doctor.versions import REINSTALL
from pipeline.project import paths
from pipeline.project.environment import available_cores
from pipeline.project.errors import SettingsError
from pipeline.running import hardware
from pipeline.running import settings as execution_settings

if TYPE_CHECKING:
    from pipeline.settings.study import Settings
    from pipeline.training.record import Device

_GIB = 2**30
# A worker with torch and one problem's examples; they share what the fork server loaded before
_MEMORY_OF_A_WORKER = _GIB // 2
# CIFAR-10 as archive, as members, in DVC's cache and prepared, the weights of a study, and its MLflow store
_DISK_OF_A_STUDY = 2 * _GIB
_DISK_NEARLY_FULL = _GIB // 2


def check(settings: Settings | None) -> list[Finding]:
    """Check the machine; without settings, the disk alone."""
    if settings is None:
        return [disk(), places()]
    workers = execution_settings.load().worker_count()
    return [cores(workers), memory(workers), disk(), places(), device(settings)]


def cores(workers: int) -> Finding:
    """Compare the number of workers with the cores that this process may use."""
    found = f"{available_cores()} usable, {workers} workers of one thread each"
    if workers > available_cores():
        return warning("cores", found, "params.yaml: execution.workers: auto is as fast and takes less memory")
    return ok("cores", found)


def memory(workers: int) -> Finding:
    """Compare the memory that is free with what the workers take."""
    import psutil

    now = psutil.virtual_memory()
    found = f"{_gib(now.available)} of {_gib(now.total)} available"
    if now.available >= workers * _MEMORY_OF_A_WORKER:
        return ok("memory", found)
    return warning("memory", f"{found}, for {workers} workers", "end other programs, or set fewer execution.workers")


def disk() -> Finding:
    """Compare the space left where the project lies with what a study writes."""
    folder = paths.shared_root()
    free = shutil.disk_usage(folder).free
    found = f"{_gib(free)} free in {folder}"
    remedy = "free space: `dvc gc --workspace` drops cached outputs of other commits"
    if free < _DISK_NEARLY_FULL:
        return problem("disk", found, remedy)
    if free < _DISK_OF_A_STUDY:
        return warning("disk", f"{found}; a whole study may need {_gib(_DISK_OF_A_STUDY)}", remedy)
    return ok("disk", found)


def places() -> Finding:
    """Write a byte in each place that a run writes to, and remove it again."""
    try:
        temporary = Path(tempfile.gettempdir())
    except OSError as error:
        return problem("places", f"temporary files: {error.strerror}", "set TMPDIR to a folder that can be written")
    below = map(Path, ("results", "models", ".dvc/tmp", ".dvc/cache"))
    data = (paths.DOWNLOADS, paths.RAW, paths.LEARNING, paths.TEST)
    made = (paths.shared_root(), paths.memo(), paths.TUNE, paths.TRAIN, paths.REPORTS, paths.LOGS)
    wanted = (*made, *data, *below, temporary)
    faults = [fault for place in dict.fromkeys(map(_nearest, wanted)) if (fault := _refusal(place))]
    files = [file for file in (Path("dvc.lock"), paths.shared_root() / "mlflow.db") if file.exists()]
    faults += [f"{file}: it is write-protected" for file in files if not os.access(file, os.W_OK)]
    if faults:
        return problem("places", "cannot be written: " + "; ".join(faults), "free space or correct the permissions")
    return ok("places", "all that a run writes to can be written")


def _nearest(place: Path) -> Path:
    """Return a place, or the folder in which it would be made."""
    return next((one for one in (place, *place.parents) if one.exists()), Path())


def _refusal(place: Path) -> str:
    try:
        # unbuffered: a full disk refuses the byte, not the file
        with tempfile.NamedTemporaryFile(dir=place, prefix=".doctor.", suffix=".part", buffering=0) as file:
            file.write(b"1")
    except OSError as error:
        return f"{place}: {error.strerror or error}"
    return ""


def device(settings: Settings) -> Finding:
    """Say what the trainings run on, and what ``auto`` would take."""
    try:
        chosen = {hardware.resolve(settings, row) for row in settings.problems.values()}
        best: Device = "cuda" if hardware.has_gpu() else "cpu"
        precision = "bfloat16" if hardware.has_fast_bfloat16(best) else "float32"
    except SettingsError as error:
        return problem("device", str(error), "params.yaml: device: auto")
    except (ImportError, OSError) as error:
        return problem("device", f"torch cannot be imported: {error}", REINSTALL)
    taken = " and ".join(sorted(f"{one.device} {one.precision}" for one in chosen))
    return ok("device", f"{taken} as set in params.yaml; auto would take {best} {precision}")


def _gib(size: int) -> str:
    return f"{size / _GIB:.1f} GiB"
