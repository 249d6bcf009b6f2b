"""Where bytes come from: folders, archive files and URLs, tried in order until one holds the right members.

Nothing here trusts a source: only members whose hash was found right are written, and nothing is unpickled.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pipeline.data.archives import Archive, verify
from pipeline.data.downloads import Patience, fetch_url
from pipeline.data.unpacking import is_archive, remove, unfinished, unpack, writing
from pipeline.project.addresses import shown
from pipeline.project.errors import DataError
from pipeline.project.paths import expanded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SOURCE_VARIABLE = "CIFAR10_SOURCE"


def sources_in_order(configured: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return the sources to try: ``CIFAR10_SOURCE`` first, if set, then those configured."""
    first = environment.get(SOURCE_VARIABLE, "").strip()
    return list(dict.fromkeys([first, *configured] if first else configured))


def fetch(
    archive: Archive, sources: Sequence[str], target: Path, downloads: Path, *, patience: Patience | None = None
) -> str:
    """Bring the members of `archive` into the folder `target`, from the first source that holds them; return which one.

    Parameters
    ----------
    sources
        Folders, archive files (tar, compressed or not, or zip) and http(s) URLs, in the order to try them.
        A folder may hold the members, the archive's own folder, or an archive file.
    target
        Replaced at once, when all is right; nothing half-written stays in it.
    downloads
        Where downloads are kept: a broken one as ``….part``, which the next run resumes, and a verified one.

    Raises
    ------
    DataError
        Where no source works: every source with the reason, and what to do.
    """
    if not unfinished(target).exists() and (found := _there(archive, target)):
        return found
    with _alone(archive, downloads):
        return _fetch(archive, sources, target, downloads, patience or Patience())


@contextmanager
def _alone(archive: Archive, downloads: Path) -> Iterator[None]:
    """Let one process at a time fetch an archive: a second one would remove what the first gathers."""
    from filelock import FileLock, Timeout

    with writing(downloads):
        downloads.mkdir(parents=True, exist_ok=True)
        lock = FileLock(downloads / f".{archive.name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            print(f"fetch {archive.name}: another process fetches it already; waiting for that one", file=sys.stderr)
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _fetch(archive: Archive, sources: Sequence[str], target: Path, downloads: Path, patience: Patience) -> str:
    with writing(unfinished(target)):
        remove(unfinished(target))
    if found := _there(archive, target):
        return found
    failures = []
    for source in sources:
        try:
            return _fetch_from(archive, source, target, downloads, patience)
        except DataError as error:
            failures.append(f"  - {shown(source)}: {error}")
    lines = [
        f"{archive.name} could not be fetched. Every source failed:",
        *failures,
        f"Put {archive.file_name} into {downloads}/, or set "
        f"{SOURCE_VARIABLE}=/path/to/{archive.file_name}, and run the same command again.",
        "For a first look without this data: make demo",
    ]
    raise DataError("\n".join(lines))


def _there(archive: Archive, target: Path) -> str:
    with suppress(DataError, OSError):
        verify(archive, target)
        return f"{target} (already there, verified)"
    return ""


def _fetch_from(archive: Archive, source: str, target: Path, downloads: Path, patience: Patience) -> str:
    if source.lower().startswith(("http://", "https://")):
        return fetch_url(archive, source, target, downloads, patience)
    path = local_path(source)
    faults = []
    try:
        for candidate in candidates(archive, path):
            try:
                unpack(archive, candidate, target)
            except DataError as error:
                faults.append(str(error) if candidate == path else f"{candidate.name}: {error}")
            else:
                return f"{'folder' if candidate.is_dir() else 'archive'} {candidate}"
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}") from error
    absent = f"holds neither {archive.members[0].name} nor an archive" if path.is_dir() else "no such file or folder"
    raise DataError("; ".join(faults) or absent)


def local_path(source: str) -> Path:
    """Return the path of a source that is no URL of a server; a `DataError` where it is another kind of address."""
    if source.lower().startswith("file://"):
        with suppress(ValueError):
            return Path(url2pathname(urlsplit(source).path))
    if "://" in source:
        raise DataError("unknown kind of address: http, https and file are supported")
    return expanded(source)


def candidates(archive: Archive, path: Path) -> list[Path]:
    """Return what may hold the members of an archive, best first, in a folder or as a file; nothing is opened."""
    if not path.is_dir():
        return [path] if path.is_file() else []
    # programs that unpack like to make a folder of the archive's name around it
    below = sorted(folder for folder in path.iterdir() if folder.is_dir())
    around = [path, path / archive.folder, *below, *(folder / archive.folder for folder in below)]
    folders = [
        folder
        for folder in dict.fromkeys(around)
        if any((folder / member.name).is_file() for member in archive.members)
    ]
    files = [file for file in path.iterdir() if is_archive(file.name) and file.is_file()]
    # the one with the published name first
    return folders + sorted(files, key=lambda file: (file.name != archive.file_name, file))
