"""Where bytes come from: folders, archive files and URLs, tried in order until one holds the right members.

Nothing here trusts a source: only members whose hash was found right are written, and nothing is unpickled.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.data.archives import Archive, verify
from pipeline.data.downloads import Patience, fetch_url
from pipeline.data.unpacking import remove, unfinished, unpack, writing
from pipeline.project.addresses import shown
from pipeline.project.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SOURCE_VARIABLE = "CIFAR10_SOURCE"

_ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar", ".zip")


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
    with writing(unfinished(target)):
        remove(unfinished(target))
    with suppress(DataError, OSError):
        verify(archive, target)
        return f"{target} (already there, verified)"
    failures = []
    for source in sources:
        try:
            return _fetch_from(archive, source, target, downloads, patience or Patience())
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


def _fetch_from(archive: Archive, source: str, target: Path, downloads: Path, patience: Patience) -> str:
    if source.lower().startswith(("http://", "https://")):
        return fetch_url(archive, source, target, downloads, patience)
    if "://" in source:
        raise DataError("unknown kind of address: http and https are supported")
    path = Path(source).expanduser()
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


def candidates(archive: Archive, path: Path) -> list[Path]:
    """Return what may hold the members of an archive, best first, in a folder or as a file; nothing is opened."""
    if not path.is_dir():
        return [path] if path.is_file() else []
    folders = [
        folder
        for folder in (path, path / archive.folder)
        if any((folder / member.name).is_file() for member in archive.members)
    ]
    files = [file for file in path.iterdir() if file.name.lower().endswith(_ARCHIVE_SUFFIXES) and file.is_file()]
    # the one with the published name first
    return folders + sorted(files, key=lambda file: (file.name != archive.file_name, file))
