"""The members of an archive, out of whatever holds them, into a folder that appears only when all are right."""

from __future__ import annotations

import lzma
import shutil
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from pipeline.console.progress import Progress, progress
from pipeline.project.errors import DataError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.data.archives import Archive

_ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar", ".zip")

# What damaged, cut off or encrypted archives raise
_UNREADABLE = (OSError, EOFError, RuntimeError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile)


def unpack(archive: Archive, path: Path, target: Path) -> None:
    """Bring the members out of a folder, tar or zip into `target`, which is replaced once all are right."""
    folder = unfinished(target)
    remove(folder)
    try:
        with writing(folder):
            folder.mkdir(parents=True)
        with progress(f"unpack {archive.name}", archive.size, "B") as bar:
            _take_all(archive, path, folder, bar)
        with writing(target):
            remove(target)
            folder.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _take_all(archive: Archive, path: Path, folder: Path, bar: Progress) -> None:
    missing = {member.name: member for member in archive.members}
    faults: dict[str, str] = {}
    unreadable = ""
    try:
        for name, file in _entries(archive, path):
            if name not in missing:
                continue
            content = file.read(missing[name].size + 1)
            faults[name] = missing[name].fault(content)
            if not faults[name]:
                with writing(folder / name):
                    (folder / name).write_bytes(content)
                bar.advance(missing.pop(name).size, name)
    except _UNREADABLE as error:
        unreadable = f"is not a readable archive, or is cut off ({reason(error)}); "
    if missing:
        name, member = next(iter(missing.items()))
        raise DataError(f"{unreadable}{name}: {faults.get(name) or f'{member.expected}, found nothing'}")


def _entries(archive: Archive, path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the base names and the contents of the files in a folder, a zip or a tar."""
    if path.is_dir():
        for file in (path / member.name for member in archive.members):
            if file.is_file():
                with file.open("rb") as content:
                    yield file.name, content
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as zipped:
            for entry in zipped.infolist():
                if is_archive(entry.filename) and not entry.filename.lower().endswith(".zip"):
                    # the published archive, packed once more
                    with zipped.open(entry) as inner, tarfile.open(fileobj=inner, mode="r|*") as tar:
                        yield from _of_tar(tar)
                else:
                    yield PurePosixPath(entry.filename).name, zipped.open(entry)
    else:
        with tarfile.open(path) as tar:
            yield from _of_tar(tar)


def _of_tar(tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for member in tar:
        if member.isfile() and (reader := tar.extractfile(member)) is not None:
            yield PurePosixPath(member.name).name, reader


def is_archive(name: str) -> bool:
    """Return whether a file's name is one of an archive."""
    return name.lower().endswith(_ARCHIVE_SUFFIXES)


def unfinished(target: Path) -> Path:
    """Return the folder in which the members of `target` are gathered; a killed run may have left it."""
    return target.with_name(f".{target.name}.part")


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, where there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a refusal to write `path` into one clear message: no other source would help."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror or error}. "
            "Free space or correct the permissions, then run the same command again."
        ) from error


def reason(error: Exception) -> str:
    """Say in a few words what went wrong: the error's text, or else its kind."""
    return str(error) or type(error).__name__
