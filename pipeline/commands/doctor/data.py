"""Whether an archive's data is there, or where it would come from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.doctor.finding import Finding, ok, problem, warning
from pipeline.data import archives
from pipeline.data import settings as data_settings
from pipeline.data.sources import SOURCE_VARIABLE, candidates, local_path, sources_in_order
from pipeline.project import paths
from pipeline.project.addresses import shown
from pipeline.project.errors import DataError, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.data.archives import Archive

_URL, _THERE, _EMPTY, _ABSENT = "not tried", "there", "holds no data", "not there"


def check_all() -> list[Finding]:
    """Check every archive of ``params.yaml``."""
    wanted = data_settings.load()
    return [check(name, wanted.sources, os.environ) for name in wanted.archives]


def check(name: str, configured: Sequence[str], environment: Mapping[str, str]) -> Finding:
    """Look for the data of an archive, then for its sources in their order; no URL is tried."""
    subject = f"data: {name}"
    try:
        known = paths.dvc_hash(paths.RAW)
    except UserError as error:
        return problem(subject, str(error), "mend dvc.lock")
    archive = archives.ARCHIVES[name]
    looks = {source: _look(archive, source) for source in sources_in_order(configured, environment)}
    listed = "; ".join(f"{shown(source)}: {look}" for source, look in looks.items()) or "none is configured"
    folder = paths.raw(name)
    fault = f"not in {folder}/ yet"
    if folder.exists():
        try:
            archives.verify(archive, folder)
        except (DataError, OSError) as error:
            fault = str(error).removesuffix(" Fetch the data again.").rstrip(".")
        else:
            return ok(subject, f"verified in {folder}/. Sources: {listed}")
    elif _in_cache(known):
        return ok(subject, f"in DVC's cache. Sources: {listed}")
    first = next((source for source, look in looks.items() if look in (_URL, _THERE)), None)
    put = f"put {archive.file_name} into {paths.DOWNLOADS}/, or set {SOURCE_VARIABLE}=/path/to/{archive.file_name}"
    if first is None:
        return problem(subject, f"{fault}, and there is no source: {listed}", put)
    found = f"{fault}; {shown(first)} would be tried first. Sources: {listed}"
    return warning(subject, found, f"without a network, {put}") if looks[first] == _URL else ok(subject, found)


def _in_cache(digest: str | None) -> bool:
    return digest is not None and Path(f".dvc/cache/files/md5/{digest[:2]}/{digest[2:]}.dir").exists()


def _look(archive: Archive, source: str) -> str:
    if source.lower().startswith(("http://", "https://")):
        return _URL
    try:
        path = local_path(source)
    except DataError as error:
        return str(error)
    if not path.exists():
        return _ABSENT
    return _THERE if candidates(archive, path) else _EMPTY
