"""What comes with the package besides its code: the settings, the flow and the published results.

An installed package has these files in a folder of its own, where ``setup.py`` put them. In a clone they are the
clone's own files. ``setup.py`` runs this file by itself, so it imports nothing of the project.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = (
    *("params.yaml", "dvc.yaml", ".dvcignore", ".gitignore", ".gitattributes"),
    *(".dvc/config", ".dvc/.gitignore", ".dvc/plots", "models", "optimizers", "stages", "results"),
)
FOLDER = "shipped"  # inside the installed package

_PROGRAM = "optimizer-study"
_SETTINGS = Path("params.yaml")
_JUNK = shutil.ignore_patterns("__pycache__", "*.part")


def folder() -> Path:
    """Return the folder that has all of `FILES`, as they were published."""
    package = Path(__file__).resolve().parents[1]
    installed = package / FOLDER
    return installed if installed.is_dir() else package.parent


def project() -> Path:
    """Return the folder to read settings and results from.

    This is the current folder where it is a project (it has ``params.yaml``), otherwise what was published.
    """
    return Path() if _SETTINGS.exists() else folder()


@contextlib.contextmanager
def workspace() -> Iterator[Path]:
    """Work in the current folder if it is a project, otherwise in the clone that runs, otherwise in the user's cache.

    The cache has the published settings; data and finished trainings are kept there for the next time, so that an empty
    folder stays empty. Inside the block, relative paths begin at the yielded folder: resolve those that the user gave
    before.
    """
    place = Path.cwd() if _SETTINGS.exists() else folder()
    if place.name == FOLDER:
        place = _cache()
    with contextlib.chdir(place):
        yield place


def _cache() -> Path:
    from platformdirs import user_cache_path

    place = user_cache_path(_PROGRAM, appauthor=False, ensure_exists=True)
    published, mine = (folder() / _SETTINGS).read_bytes(), place / _SETTINGS
    if not mine.exists() or mine.read_bytes() != published:
        mine.write_bytes(published)
    return place


def copy_files(source: Path, target: Path) -> None:
    """Copy `FILES` from one folder to another."""
    for name in FILES:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=_JUNK, dirs_exist_ok=True)
        else:
            shutil.copy2(source / name, target / name)


def copy_code(target: Path) -> None:
    """Copy the package that is running to ``target/pipeline``, without what was shipped with it."""
    package = Path(__file__).resolve().parents[1]
    shutil.copytree(
        package,
        target / package.name,
        ignore=lambda place, names: {*_JUNK(place, names), *({FOLDER} if Path(place) == package else ())},
    )
